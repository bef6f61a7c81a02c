import { Component } from "@odoo/owl";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";

/** This or the last week, month, quarter or year, and from there step by step. */
export class PeriodPicker extends Component {
    static template = "aftersale_followup.PeriodPicker";
    static components = { Dropdown, DropdownItem };
    static props = { options: Object, data: Object, onChange: Function };
}
