import csv
from collections import Counter
from datetime import date, datetime
from io import StringIO

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged

from .analysis_common import AnalysisCase


@tagged("post_install", "-at_install")
class TestAnswers(AnalysisCase, HttpCase):
    """Single answers leave for statistics without anything that leads to a customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.aftersale_min_n = 2
        cls.manager = new_test_user(
            cls.env,
            "answers_manager",
            "base.group_user,aftersale_followup.group_manager,base.group_allow_export",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.lamp, cls.rare = cls.env["product.product"].create([{"name": "Lamp"}, {"name": "Rare thing"}])
        cls.area = cls.env["aftersale.dimension"].create({"name": "Tone", "code": "answers_tone"})

    def _export(self, user=None, **values):
        export = self.env["aftersale.answers"].with_user(user or self.manager).with_company(self.company)
        return export.create({"date_from": date(2026, 1, 1), "date_to": date(2026, 1, 31), **values})

    def _table(self, **values):
        stream = StringIO()
        self._export(**values)._write_csv(stream)
        return list(csv.DictReader(StringIO(stream.getvalue().removeprefix("\ufeff"))))

    def _say(self, score, product=None, **values):
        products = {"product_ids": [Command.set(product.ids)]} if product else {}
        return self._feedback(datetime(2026, 1, 15, 4), score, **products, **values)

    def test_rows_hold_what_statistics_need(self):
        self._say(
            4,
            self.lamp,
            nps="9",
            tags=self.tag_late,
            dimension_ids=[Command.create({"dimension_id": self.area.id, "score": 3})],
        )
        self._say(0, self.lamp)
        rated, silent = sorted(self._table(), key=lambda row: row["Score (1–5)"], reverse=True)
        self.assertEqual(
            (rated["Month"], rated["Score (1–5)"], rated["Tone"], rated["Classification"]),
            ("2026-01", "4", "3", "Late goods"),
        )
        self.assertEqual((rated["Products"], silent["Score (1–5)"], silent["Tone"]), ("Lamp", "", ""))

    def test_month_is_that_of_the_company(self):
        """Shanghai is eight hours ahead: the last evening of January in UTC is February there."""
        self._say(4)
        self._feedback(datetime(2025, 12, 31, 20), 3)
        self._feedback(datetime(2026, 1, 31, 20), 5)
        self.assertEqual(sorted(row["Score (1–5)"] for row in self._table()), ["3", "4"])
        self.assertEqual({row["Month"] for row in self._table()}, {"2026-01"})

    def test_months_of_few_answers_stand_together(self):
        self.company.aftersale_min_n = 2
        for month, number in ((8, 1), (9, 1), (10, 3), (11, 1)):
            for _number in range(number):
                self._feedback(datetime(2025, month, 10), 3)
        rows = self._table(date_from=date(2025, 8, 1), date_to=date(2025, 12, 31))
        self.assertEqual(
            Counter(row["Month"] for row in rows), {"2025-08 – 2025-09": 2, "2025-10 – 2025-11": 4}, "none is alone"
        )

    def test_order_does_not_tell_the_month_of_those_that_stand_together(self):
        for month, score in ((8, 1), (9, 5)):
            self._feedback(datetime(2025, month, 10), score)
        dates = {"date_from": date(2025, 8, 1), "date_to": date(2025, 9, 30)}
        first = {self._table(**dates)[0]["Score (1–5)"] for _time in range(30)}
        self.assertEqual(first, {"1", "5"}, "August came first thirty times")

    def test_nothing_leads_to_a_customer(self):
        followup = self._followup(1, "ready", ["sent"])
        self._say(2, followup_id=followup.id, detail="Zhang Wei here, call 138 0000 1234")
        self._say(5, detail="Fine")
        text = str(self._table())
        for trace in ("Zhang", "1234", followup.name, "2026-01-15", "Fine", "zhang@customer.example"):
            self.assertNotIn(trace, text)
        asked_for = str(self._table(with_texts=True))
        self.assertIn("Fine", asked_for)
        self.assertNotIn("Zhang", asked_for)
        self.assertNotIn("1234", asked_for)

    def test_texts_keep_no_street_and_no_order(self):
        self.customer.write({"street": "Lindenweg 5", "street2": "Hinterhaus"})
        order = self.env["sale.order"].create({"partner_id": self.customer.id, "client_order_ref": "PO-77"})
        text = f"Order {order.name} (PO-77) never came to Lindenweg 5, hinterhaus"
        self._say(3, partner_id=self.customer.id, order_id=order.id, detail=text, suggestion=text)
        self._say(4)
        told = next(row for row in self._table(with_texts=True) if "never" in str(row))
        for trace in (order.name, "PO-77", "Lindenweg", "hinterhaus"):
            self.assertNotIn(trace, str(told))

    def test_products_few_speak_of_are_left_out(self):
        for product in (self.lamp, self.lamp, self.rare):
            self._say(3, product)
        self.assertEqual(sorted(row["Products"] for row in self._table()), ["", "Lamp", "Lamp"])
        self.assertNotIn("Products", self._table(with_products=False)[0])

    def test_too_few_answers_are_refused(self):
        self._say(3)
        with self.assertRaisesRegex(UserError, "fewer than 2"):
            self._export().action_export()

    def test_only_managers_with_the_right_to_export(self):
        self._say(3)
        self._say(4)
        self.manager.group_ids = [Command.unlink(self.env.ref("base.group_allow_export").id)]
        with self.assertRaises(AccessError):
            self._export().action_export()

    def test_download_is_noted_and_harmless_in_a_spreadsheet(self):
        self.tag_late.name = "=cmd()"
        for score in (3, 4):
            self._say(score, tags=self.tag_late)
        export = self._export()
        self.authenticate(self.manager.login, self.manager.login)
        page = self.url_open(export.action_export()["url"])
        self.assertEqual(page.status_code, 200)
        self.assertTrue(page.content.startswith("\ufeff".encode()), "Excel takes it for Unicode")
        self.assertIn("text/csv", page.headers["Content-Type"])
        self.assertIn("'=cmd()", page.content.decode())
        self.assertNotIn(",=cmd()", page.content.decode())
        log = self.env["aftersale.access.log"].search([("user_id", "=", self.manager.id)], limit=1)
        self.assertEqual((log.purpose, log.record_count), ("export", 2))

    def test_a_file_is_its_owner_s(self):
        self._say(3)
        self._say(4)
        export = self._export()
        other = new_test_user(
            self.env,
            "answers_other",
            "base.group_user,aftersale_followup.group_manager,base.group_allow_export",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.authenticate(other.login, other.login)
        self.assertEqual(self.url_open(f"/aftersale_followup/answers/{export.id}.csv").status_code, 403)
