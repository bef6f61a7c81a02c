from odoo.tools import SQL

from .capture_common import CaptureCase


class AnonymousCase(CaptureCase):
    """A plan that allows anonymous answers, and eyes that see the whole database."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan_new.allow_anonymous = True
        cls.Sealed = cls.env["aftersale.feedback.sealed"]
        cls.Feedback = cls.env["aftersale.feedback"]

    def _tables(self):
        return [
            name
            for (name,) in self.env.execute_query(
                SQL("SELECT tablename FROM pg_tables WHERE schemaname = current_schema ORDER BY tablename")
            )
        ]

    def _places(self):
        """Return where every row of the database lies."""
        self.env.flush_all()
        self.env.cr.precommit.run()  # what the preparation of the test still has to tell
        return {
            table: {row for (row,) in self.env.execute_query(SQL("SELECT ctid::text FROM %s", SQL.identifier(table)))}
            for table in self._tables()
        }

    def _written_since(self, places):
        """Return ``[(table, row)]`` of every row of the database that was created or changed since ``places``."""
        self.env.flush_all()
        found = []
        for table in self._tables():
            query = SQL("SELECT ctid::text, to_jsonb(t) FROM %s t", SQL.identifier(table))
            if self.env.execute_query(SQL("SELECT count(*) FROM %s", SQL.identifier(table)))[0][0]:
                old = places.get(table, set())
                ids = SQL("SELECT ctid::text FROM %s", SQL.identifier(table))
                new = [place for (place,) in self.env.execute_query(ids) if place not in old]
                if new:
                    rows = self.env.execute_query(SQL("%s WHERE ctid::text = ANY(%s)", query, new))
                    found += [(table, row) for _place, row in rows]
        return found

    def _rows_with(self, text):
        """Return ``[(table, row)]`` of every row of the database that contains ``text`` in any column."""
        self.env.flush_all()
        return [
            (table, row)
            for table in self._tables()
            for (row,) in self.env.execute_query(
                SQL("SELECT to_jsonb(t) FROM %s t WHERE t::text LIKE %s", SQL.identifier(table), f"%{text}%")
            )
        ]

    @classmethod
    def _customer(cls, number):
        return cls.env["res.partner"].create({"name": f"Customer {number}", "email": f"customer{number}@example.com"})

    def _answer(self, number, score=5, **texts):
        """Let a customer of its own answer without a name; return the follow-up."""
        values = texts.pop("followup", {})
        followup = self._followup(partner=self._customer(number), **values)
        followup._seal_answers(self._read(self._form(score, **texts)))
        return followup

    def _release(self):
        """Run the cron; return the feedback it released."""
        before = self.Feedback.search([])
        with self.enter_registry_test_mode():
            self.env.ref("aftersale_followup.ir_cron_release").method_direct_trigger()
        self.env.invalidate_all()
        return self.Feedback.search([], order="id") - before
