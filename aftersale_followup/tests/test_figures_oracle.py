from datetime import date, datetime, timedelta
from math import isclose
from random import Random
from zoneinfo import ZoneInfo

from odoo.tests import new_test_user, tagged

from ..report.aftersale_overview import TILES
from .analysis_common import AnalysisCase
from .figures_oracle_effects import EffectsOracle
from .figures_world import CUTOFF, LATER, World

MONTHS = [
    (date(2025, month, 1), date(2025, month, day))
    for month, day in enumerate((31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), start=1)
]
MARCH = [
    *MONTHS[3:],
    (date(2026, 1, 1), date(2026, 1, 31)),
    (date(2026, 2, 1), date(2026, 2, 28)),
    (date(2026, 3, 1), date(2026, 3, 31)),
]


@tagged("post_install", "-at_install")
class TestFiguresOracle(AnalysisCase):
    """Every figure agrees with a plain computation of its definition, over time zones, month ends and filters."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({"aftersale_min_n": 5, "aftersale_weak_n": 30, "aftersale_high_value": 1500})
        cls.records = cls._make_records()
        cls.about = cls._tell_ids(cls.records)

    @classmethod
    def _make_records(cls):
        env, company = cls.env, cls.company
        partners = env["res.partner"].create([{"name": f"Customer {n}"} for n in range(40)])
        partners |= env["res.partner"].create(
            [{"name": "Contact", "parent_id": partner.id} for partner in partners[:15]]
        )
        lines = env["product.category"].create([{"name": "Kettles"}, {"name": "Lamps"}])
        channels = env["aftersale.channel"].search([("code", "in", ("phone", "email", "online", "inbound"))])
        return {
            "partners": partners,
            "users": env["res.users"].union(
                *(new_test_user(env, f"oracle_{n}", "aftersale_followup.group_agent") for n in range(3))
            ),
            "teams": env["crm.team"].create([{"name": name, "company_id": company.id} for name in ("North", "South")]),
            "plans": env.ref("aftersale_followup.plan_new") | env.ref("aftersale_followup.plan_verify"),
            "channels": channels,
            "product_categories": lines,
            "products": env["product.product"].create(
                [{"name": f"Thing {n}", "type": "consu", "categ_id": lines[n % 2].id} for n in range(5)]
            ),
            "tags": cls.tag_late | cls.tag_fault | cls.tag_price | cls.tag_manual | cls.tag_praise,
            "areas": env["aftersale.dimension"].create(
                [{"name": name, "code": f"oracle_{name}"} for name in ("speed", "tone")]
            ),
            "categories": cls.category | env["aftersale.category"].create({"name": "Other", "code": "oracle_other"}),
        }

    @classmethod
    def _tell_ids(cls, records):
        products = records["products"]
        codes = {channel.id: channel.code for channel in records["channels"].sorted()}
        stock = cls.env["stock.warehouse"].search([("company_id", "=", cls.company.id)], limit=1).lot_stock_id
        answer = cls.env["aftersale.feedback"].create({"company_id": cls.company.id, "date": datetime(2024, 1, 1)})
        return {
            **{kind: found.ids for kind, found in records.items()},
            "commercial": {partner.id: partner.commercial_partner_id.id for partner in records["partners"]},
            "lines": {product.id: product.categ_id.id for product in products},
            "product_names": {product.id: product.name for product in products},
            "area_names": {area.id: area.code for area in records["areas"]},
            "team_names": {team.id: team.name for team in records["teams"].sorted()},
            "user_names": {user.id: user.name for user in records["users"]},
            "problem_names": {tag.id: tag.code for tag in records["tags"] if tag.is_problem},
            "channel_codes": codes,
            "channel_order": list(codes.items()),
            "inbound": next(id_ for id_, code in codes.items() if code == "inbound"),
            "phone": next(id_ for id_, code in codes.items() if code == "phone"),
            "high_value": cls.company.aftersale_high_value,
            "answer": answer.id,
            "stocked": (products[0].id, products[0].uom_id.id),
            "locations": (stock.id, cls.env.ref("stock.stock_location_customers").id),
        }

    def _world(self, seed, zone):
        self.company.resource_calendar_id.tz = zone
        self.env.flush_all()
        world = World(Random(seed), ZoneInfo(zone), self.company.id, self.about)
        world.store(self.env.cr)
        self.env.cr.execute("ANALYZE")  # nobody else has told the database yet how many rows there are now
        self.env.invalidate_all()
        return world

    # ------------------------------------------------------------
    # comparing
    # ------------------------------------------------------------

    def _agree(self, world, periods, team=None, **filters):
        """Hold all figures of the last period against the oracle's."""
        date_from, date_to = periods[-1]
        figures = self.figures._get(self.company, date_from, date_to, team=team, cutoff=CUTOFF, details=True, **filters)
        plain = {name: wanted if isinstance(wanted, str) else wanted.id for name, wanted in filters.items()}
        oracle = EffectsOracle(world, periods, CUTOFF, team and team.id, plain)
        expected = oracle.words() | oracle.loop() | oracle.measures() | oracle.verification() | oracle.customers()
        expected |= (contacts := oracle.contacts()) | oracle.trends() | oracle.details() | oracle.effects()
        self.assertEqual(figures["trends"].keys(), expected["trends"].keys())
        channels = contacts.pop("channels")
        expected.pop("channels")
        for key, wanted in expected.items():
            self._same(figures.get(key), wanted, f"{key} {plain}")
        found = (figures.get("response_rate") or {}).get("channels", {})
        for code in channels.keys() | found.keys():
            self._same(found.get(code), channels.get(code), f"response rate by {code}")
        for kind, rows in oracle.splits().items():
            found = {self._name(kind, row): row for row in figures[kind]}
            self.assertEqual(found.keys(), rows.keys(), kind)
            for name, wanted in rows.items():
                self._same(found[name], wanted, f"{kind} {name}")
        found = [(row["code"], row["n"], row["share"], row["previous_share"]) for row in figures["top_problems"]]
        self.assertEqual(found, oracle.problems())
        for role, rows in oracle.staff().items():
            self.assertEqual([row["name"] for row in figures[role]], sorted(rows), role)
            self._same({row["name"]: row for row in figures[role]}, rows, role)
        return [
            {key for key, figure in table.items() if isinstance(figure, dict) and "withheld" in figure}
            for table in (figures, expected)
        ]

    def _name(self, kind, row):
        return {"areas": row.get("code"), "customer_types": row.get("type")}.get(kind) or row["name"]["en_US"]

    def _same(self, found, wanted, label):
        if isinstance(wanted, dict):
            self.assertIsInstance(found, dict, label)
            for key, value in wanted.items():
                if key == "change":
                    self.assertAlmostEqual(found[key], value, delta=0.05 + 1e-9, msg=f"{label}: {key}")
                else:
                    self._same(found[key], value, f"{label}: {key}")
        elif isinstance(wanted, list):
            self.assertEqual(len(found), len(wanted), label)
            for number, (one, other) in enumerate(zip(found, wanted, strict=True)):
                self._same(one, other, f"{label} [{number}]")
        elif isinstance(wanted, float) and isinstance(found, (int, float)):
            # what is beyond the twelfth digit is the order of the additions
            self.assertTrue(isclose(found, wanted, rel_tol=1e-12, abs_tol=1e-12), f"{label}: {found} is not {wanted}")
        else:
            self.assertEqual(found, wanted, label)

    # ------------------------------------------------------------
    # worlds
    # ------------------------------------------------------------

    def test_month_in_shanghai_whole_and_filtered(self):
        world = self._world(8, "Asia/Shanghai")
        compared, told = self._agree(world, MARCH)
        self.assertEqual(compared - {"conversion"}, told, "The oracle knows every figure")
        self.assertGreater(len(told), 20)
        records = self.records
        self._agree(world, MARCH, team=records["teams"][0])
        for filters in (
            {"plan": records["plans"][0]},
            {"scenario": "resolution_check"},
            {"product": records["products"][1]},
            {"product_category": records["product_categories"][0]},
            {"customer_type": "existing"},
            {"segment": "high"},
            {"segment": "other"},
            {"channel": records["channels"][0]},
            {"user": records["users"][2]},
            {"product": records["products"][0], "user": records["users"][1]},
        ):
            compared, told = self._agree(world, MARCH, **filters)
            self.assertEqual(compared, told, f"neither more nor less with {filters}")
        self._agree(world, MARCH, team=records["teams"][1], segment="high")

    def test_month_in_new_york_when_the_clocks_change(self):
        self._agree(self._world(19, "America/New_York"), MARCH)

    def test_quarter_in_auckland(self):
        starts = [(year, month) for year in (2023, 2024, 2025) for month in (1, 4, 7, 10)][1:] + [(2026, 1)]
        quarters = [
            (date(year, month, 1), date(year, month + 2, 31 if month in (1, 10) else 30)) for year, month in starts
        ]
        self._agree(self._world(27, "Pacific/Auckland"), quarters)

    def test_week_in_utc(self):
        shift = date(2026, 3, 30).toordinal() - 77
        weeks = [(date.fromordinal(shift + n), date.fromordinal(shift + n + 6)) for n in range(0, 84, 7)]
        self._agree(self._world(35, "UTC"), weeks)

    # ------------------------------------------------------------
    # records behind the figures
    # ------------------------------------------------------------

    def test_records_behind_a_figure_are_as_many_as_it_counts(self):
        """A click on a figure opens as many records as its n, whatever is filtered."""
        self._world(4, "Asia/Shanghai")
        records = self.records
        compared = set()
        for filters in (
            {},
            {"team": records["teams"][0]},
            {"plan": records["plans"][0]},
            {"scenario": "resolution_check"},
            {"product": records["products"][1]},
            {"channel": records["channels"][0]},
        ):
            compared |= self._count_behind(**filters)
        self.assertEqual(compared, {*TILES, "problems", "areas", "channels"})

    def _count_behind(self, team=None, **filters):
        # as of a moment when all of the world is told: lists of records know no cutoff
        dates, cutoff = MARCH[-1], LATER + timedelta(seconds=1)
        figures = self.figures._get(self.company, *dates, team=team, cutoff=cutoff, **filters)
        scope = self.figures._make_scope(self.company, *dates, team, cutoff, filters)
        wanted = {(key, None): figures[key]["n"] for key in TILES if key in figures}
        if complaints := figures.get("complaint_rate"):
            wanted["complaint_rate", None] = round(complaints["value"] * complaints["n"])
        wanted |= {("problems", row["tag_id"]): row["n"] for row in figures["top_problems"]}
        wanted |= {("areas", row["code"]): row["n"] for row in figures["areas"]}
        wanted |= {("channels", code): row["n"] for code, row in figures["response_rate"]["channels"].items()}
        for (key, part), n in wanted.items():
            model, domain = self.figures._get_records(scope, key, part)
            with self.subTest(key=key, part=part, filters=str(filters)):
                self.assertEqual(self.env[model].with_context(active_test=False).search_count(domain), n)
        return {key for key, _part in wanted}
