import { deserializeDate, formatDate } from "@web/core/l10n/dates";
import { registry } from "@web/core/registry";
import {
    Many2ManyCheckboxesField,
    many2ManyCheckboxesField,
} from "@web/views/fields/many2many_checkboxes/many2many_checkboxes_field";

/** Checkboxes with the day each was ticked on; the days come from a JSON field of the record: {id: day}. */
export class DatedCheckboxes extends Many2ManyCheckboxesField {
    static template = "aftersale_followup.DatedCheckboxes";
    static props = { ...Many2ManyCheckboxesField.props, datesField: String };

    getDay(item) {
        const day = this.isSelected(item) && (this.props.record.data[this.props.datesField] || {})[item[0]];
        return day ? formatDate(deserializeDate(day)) : "";
    }
}

registry.category("fields").add("aftersale_dated_checkboxes", {
    ...many2ManyCheckboxesField,
    component: DatedCheckboxes,
    extractProps: (fieldInfo, dynamicInfo) => ({
        ...many2ManyCheckboxesField.extractProps(fieldInfo, dynamicInfo),
        datesField: fieldInfo.options.dates_field,
    }),
});
