import base64

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..models.aftersale_feedback_inbound import INBOUND_SOURCES
from ..models.aftersale_import_column_mixin import TARGETS
from ..models.import_cells import CellReader, plain
from ..models.import_table import MAX_ROWS, TableError, read_table

MAX_BYTES = 10 * 1024 * 1024
SAMPLE = 60
CHANNELS = [
    ("paper", "On paper"),
    ("visit", "At a visit"),
    ("online", "Online, with another tool"),
]
KEPT = ("name", "target", "question_id", "answer_id", "translations")


class AftersaleImport(models.TransientModel):
    """Answers from a table: typed in from paper, or exported by another survey tool.

    Each line goes through the same gate as an answer on the screen, by itself: a bad one is reported and holds up no
    good one. A line that was taken over before is known again and changes nothing.
    """

    _name = "aftersale.import"
    _description = "Import Answers"
    _rec_name = "survey_id"

    survey_id = fields.Many2one(
        "survey.survey", "Questionnaire", required=True, domain=[("survey_type", "=", "aftersale")], ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    file = fields.Binary("Table", attachment=False, help="CSV or XLSX; the first line holds the names of the columns.")
    filename = fields.Char(export_string_translation=False)
    channel = fields.Selection(
        CHANNELS,
        "Way of Answering",
        required=True,
        default="paper",
        help="How the follow-ups in the table were answered.",
    )
    inbound_source = fields.Selection(
        INBOUND_SOURCES,
        "Came In By",
        required=True,
        default="form",
        help="For lines that name no follow-up: they are recorded as feedback that came in by itself.",
    )
    mapping_id = fields.Many2one(
        "aftersale.import.mapping", domain="[('survey_id', '=', survey_id)]", ondelete="set null"
    )
    mapping_name = fields.Char("Keep These Columns As", help="Under this name they can be chosen for the next table.")
    column_ids = fields.One2many(
        "aftersale.import.column", "import_id", "Columns", compute="_compute_column_ids", store=True, readonly=False
    )
    line_ids = fields.One2many("aftersale.import.line", "import_id", "Lines", readonly=True)
    is_trial = fields.Boolean("Only Tried", readonly=True)
    done_count = fields.Integer("Good", compute="_compute_counts")
    known_count = fields.Integer("Known already", compute="_compute_counts")
    error_count = fields.Integer("Not taken over", compute="_compute_counts")

    @api.depends("line_ids.state")
    def _compute_counts(self):
        for wizard in self:
            states = wizard.line_ids.mapped("state")
            wizard.done_count = states.count("done")
            wizard.known_count = states.count("known")
            wizard.error_count = states.count("error")

    @api.onchange("survey_id")
    def _onchange_survey_id(self):
        if self.mapping_id.survey_id != self.survey_id:
            self.mapping_id = False

    @api.onchange("mapping_id")
    def _onchange_mapping_id(self):
        self.mapping_name = self.mapping_id.name

    # ------------------------------------------------------------
    # Columns
    # ------------------------------------------------------------

    @api.depends("file", "survey_id", "mapping_id")
    def _compute_column_ids(self):
        """Read the columns off the table and say what they mean: as the mapping says, else by their names."""
        for wizard in self:
            table = wizard._read_table() if wizard.file and wizard.survey_id else []
            columns = [Command.create(values) for values in wizard._describe_columns(table)]
            wizard.column_ids = [Command.clear(), *columns]

    def _read_table(self):
        """Return the table, see `read_table`, with messages people can act on."""
        content = base64.b64decode(self.with_context(bin_size=False).file or b"")
        if len(content) > MAX_BYTES:
            raise UserError(self.env._("The table is larger than 10 MB. Split it into several."))
        try:
            return read_table(content, chinese=(self.env.lang or "").startswith("zh"))
        except TableError as error:
            messages = {
                "empty": self.env._("The table holds no line below the names of the columns."),
                "format": self.env._("This is neither CSV nor XLSX. Save the table as one of these and try again."),
                "long": self.env._("The table holds more than %s lines. Split it into several.", MAX_ROWS),
            }
            raise UserError(messages[str(error)]) from None

    def _describe_columns(self, table):
        """Return the values of the columns of ``table``."""
        if not table:
            return []
        kept = {plain(line.name): line for line in self.mapping_id.line_ids}
        guesses = self._get_headings()
        columns, taken = [], set()
        for place, name in enumerate(table[0][1]):
            found = kept.get(plain(name)) if self.mapping_id else None
            meaning = (
                {"target": found.target, **{n: found[n].id for n in ("question_id", "answer_id")}}
                if found
                else guesses.get(plain(name), {"target": "ignore"})
            )
            key = (meaning["target"], meaning.get("question_id"), meaning.get("answer_id"))
            if not found and key in taken:
                meaning = {"target": "ignore"}  # two columns of one name: the first counts
            taken.add(key)
            sample = next((cells[place] for _number, cells in table[1:] if cells[place]), "")
            columns.append(
                {
                    "name": name or self.env._("Column %s", place + 1),
                    "place": place,
                    "sample": " ".join(sample.split())[:SAMPLE],
                    "translations": found.translations if found else False,
                    **meaning,
                }
            )
        return columns

    def _get_headings(self):
        """Return ``{plain heading: meaning}`` of the headings that the template may have, in every language."""
        headings = {"e-mail": {"target": "email"}, "email": {"target": "email"}}  # whatever the template says
        for lang, _name in self.env["res.lang"].get_installed():
            wizard = self.with_context(lang=lang)
            for heading, meaning in wizard._list_headings():
                headings.setdefault(plain(heading), meaning)
        return headings

    def _list_headings(self):
        """Return ``[(heading, meaning)]`` of all columns that a table can have, in the environment's language."""
        labels = dict(self.env["aftersale.import.column"]._fields["target"]._description_selection(self.env))
        fixed = [(labels[code], {"target": code}) for code, _label in TARGETS if code not in ("ignore", "question")]
        answers = []
        for question in self.survey_id._aftersale_form()["questions"]:
            meaning = {"target": "question", "question_id": question["id"]}
            title = question["title"]
            if question["type"] == "matrix":
                answers += [
                    (f"{title} [{row['label']}]", {**meaning, "answer_id": row["id"]}) for row in question["rows"]
                ]
            else:
                answers.append((title, meaning))
                choices = question["choices"] if question["several"] else []
                answers += [(f"{title} [{c['label']}]", {**meaning, "answer_id": c["id"]}) for c in choices]
        return [*fixed, *answers]

    def _get_reader(self):
        """Return what turns cells into answers to this questionnaire, in every language."""
        langs = [self.env.lang or "en_US", *(code for code, _name in self.env["res.lang"].get_installed())]
        return CellReader([self.survey_id.with_context(lang=lang)._aftersale_form() for lang in dict.fromkeys(langs)])

    # ------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------

    def action_try(self):
        """Do everything the import does, report it line by line, and undo it."""
        return self._run(trial=True)

    def action_import(self):
        """Take over the good lines and report all."""
        return self._run(trial=False)

    def action_keep_mapping(self):
        """Keep the meaning of these columns under their name; one of that name is replaced."""
        self.ensure_one()
        name = (self.mapping_name or "").strip()
        if not name:
            raise UserError(self.env._("Enter the name under which these columns are kept."))
        Mapping = self.env["aftersale.import.mapping"]
        mapping = Mapping.search([("survey_id", "=", self.survey_id.id), ("name", "=", name)], limit=1)
        lines = [
            Command.create({**column.read(KEPT, load=None)[0], "sequence": column.place}) for column in self.column_ids
        ]
        for command in lines:
            command[2].pop("id")
        mapping = mapping or Mapping.create({"name": name, "survey_id": self.survey_id.id})
        mapping.line_ids = [Command.clear(), *lines]
        self.mapping_id = mapping
        return True
