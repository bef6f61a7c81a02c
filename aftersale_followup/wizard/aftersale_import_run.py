import json
import logging
from collections import Counter

from psycopg2.errors import OperationalError

from odoo import models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command

_logger = logging.getLogger(__name__)

BEGINNING = 80


class _Rollback(Exception):
    """Ends a trial."""


class AftersaleImport(models.TransientModel):
    """The run of an import: line by line, each by itself."""

    _inherit = "aftersale.import"

    def _run(self, trial):
        self.ensure_one()
        if not self.file:
            raise UserError(self.env._("Choose the table first."))
        if not any(column.target == "question" for column in self.column_ids):
            raise UserError(self.env._("No column answers a question. Say what the columns mean."))
        self.column_ids._check_target()
        table = self._read_table()
        results = []
        try:
            with self.env.cr.savepoint():
                results = self._take_over(table)
                if trial:
                    raise _Rollback
        except _Rollback:
            results = [{**result, "feedback_id": False} for result in results]
        self.write({"is_trial": trial, "line_ids": [Command.clear(), *map(Command.create, results)]})
        return True

    def _take_over(self, table):
        """Return what became of the lines of ``table``, as values of lines."""
        (_number, names), *rows = table
        reader, seen, results = self._get_reader(), Counter(), []
        # Mails are left to the queue: what is only tried must not send any.
        runner = self.with_context(mail_notify_force_send=False)
        for number, cells in rows:
            result = {"number": number, "content": " · ".join(filter(None, cells))[:BEGINNING]}
            content = json.dumps(cells)
            seen[content] += 1
            try:
                if len(cells) > len(names):
                    raise UserError(
                        self.env._("This line has more cells than the table has columns. Put its text into one cell.")
                    )
                # A line that fails leaves nothing behind.
                with self.env.cr.savepoint():
                    state, feedback = runner._take_over_line(reader, cells, f"{content}{seen[content]}")
                result.update(state=state, feedback_id=feedback.id)
            except (UserError, ValidationError, AccessError) as error:
                result.update(state="error", message=str(error))
            except OperationalError:
                raise  # another request came in between: Odoo does the whole again
            except Exception:
                _logger.exception("Line %s of an import of answers failed", number)
                result.update(state="error", message=self.env._("This line failed; the system's log says why."))
            results.append(result)
        return results

    def _take_over_line(self, reader, cells, content):
        """Record one line and return ``(state, feedback)``; the state is ``done`` or ``known``.

        :param content: text that tells this line from all others of the table, the same when it is imported again
        :raises UserError: why the line cannot be taken over
        """
        row = self._read_row(reader, cells)
        if row.get("followup"):
            return self._answer_followup(row)
        return self._record_inbound(row, content)

    def _read_row(self, reader, cells):
        """Return ``{target: text}`` of a line, and under ``answers`` its checked answers by question id."""
        row, raw, mistakes, misread = {}, {}, [], set()
        for column in self.column_ids:
            cell = cells[column.place] if column.place < len(cells) else ""
            cell = column._get_translations().get(cell.strip().casefold(), cell)
            if column.target == "question":
                value, understood = reader.read_cell(column.question_id.id, column.answer_id.id, cell)
                if not understood:
                    misread.add(column.question_id.id)
                    mistakes.append(
                        self.env._("%(column)s: “%(cell)s” is none of the answers.", column=column.name, cell=cell[:60])
                    )
                elif value is not None:
                    self._add_answer(raw, reader.questions[column.question_id.id], column.answer_id.id, value)
            elif column.target != "ignore" and cell:
                row[column.target] = cell
        answers, errors = self.survey_id._aftersale_check(raw)
        mistakes += [
            f"{reader.questions[number]['title']} {message}"
            for number, message in errors.items()
            if number not in misread
        ]
        if not answers and not mistakes:
            mistakes.append(self.env._("There is no answer in this line."))
        if mistakes:
            raise UserError("\n".join(mistakes))
        return {**row, "answers": answers}

    @staticmethod
    def _add_answer(raw, question, answer_id, value):
        """Put one cell's ``value`` among the answers: matrices and choices may come from several columns."""
        number = question["id"]
        if question["type"] == "matrix":
            raw.setdefault(number, {})[answer_id] = value
        elif question["several"]:
            raw.setdefault(number, []).extend(value if isinstance(value, list) else [value])
        else:
            raw[number] = value

    def _answer_followup(self, row):
        """Record the answers to a follow-up: the same gate as the screen for paper forms."""
        Followup = self.env["aftersale.followup"]
        followup = Followup._find_by_code(row["followup"])
        if not followup:
            raise UserError(self.env._("No follow-up of yours has the number “%s”.", row["followup"][:60]))
        if followup._get_survey() != self.survey_id:
            name = followup._get_survey().title
            raise UserError(
                self.env._("%(name)s is asked with the questionnaire “%(survey)s”.", name=followup.name, survey=name)
            )
        wish = row.get("call_back")
        answered = followup.sudo()
        if answered.state == "done" and answered.answer_digest == followup._digest(row["answers"], wish or ""):
            return "known", answered.feedback_id
        followup._check_paper()
        feedback = followup._record_paper(
            row["answers"],
            channel=self.channel,
            day=self._read_day(row.get("date")),
            contact_name=row.get("contact_name"),
            note=row.get("note"),
            call_back=wish,
        )
        return "done", feedback
