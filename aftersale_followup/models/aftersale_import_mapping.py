from odoo import fields, models
from odoo.fields import Command


class AftersaleImportMapping(models.Model):
    """What the columns of another tool's table mean, kept under a name: next month's export is read at once."""

    _name = "aftersale.import.mapping"
    _description = "Column Mapping"
    _inherit = ["aftersale.export.mixin"]
    _order = "name, id"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    survey_id = fields.Many2one(
        "survey.survey",
        "Questionnaire",
        required=True,
        index=True,
        ondelete="cascade",
        domain=[("survey_type", "=", "aftersale")],
    )
    line_ids = fields.One2many("aftersale.import.mapping.line", "mapping_id", "Columns", copy=True)

    _name_unique = models.UniqueIndex(
        "(survey_id, name) WHERE active", "This questionnaire has a mapping of that name already."
    )

    def _copy_for(self, version):
        """Copy these mappings of a questionnaire for ``version``, its next one, still a plain copy; return them.

        The old ones stay: until the last invitation to the old version has ended, answers to it are exported, too.
        """
        old, new = version.aftersale_previous_id.question_ids, version.question_ids.sorted()
        places = {"question_id": _match(old, new), "answer_id": {}}
        for question, copied in zip(old, new, strict=True):
            for name in ("suggested_answer_ids", "matrix_row_ids"):
                places["answer_id"] |= _match(question[name], copied[name].sorted())
        copies = self.browse()
        for mapping in self:
            lines = mapping.line_ids.copy_data()
            for line in lines:
                line.update({name: matched.get(line[name], False) for name, matched in places.items()})
            copies |= mapping.copy({"survey_id": version.id, "line_ids": [Command.create(line) for line in lines]})
        return copies

    def _get_personal(self):
        return self.browse()  # names of columns, nobody's data


def _match(records, copied):
    """Return ``{id of a record: id of its copy}``; copies keep the order."""
    return dict(zip(records.ids, copied.ids, strict=True))
