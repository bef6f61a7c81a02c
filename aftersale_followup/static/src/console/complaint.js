import { Component, useState } from "@odoo/owl";
import { useService } from "@web/core/utils/hooks";

/** The issue of a complaint heard during a call: its words, the promise, and the steps of handling it. */
export class Complaint extends Component {
    static template = "aftersale_followup.Complaint";
    static props = { followupId: Number, issue: Object, onChanged: Function };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ title: this.props.issue.title, promised: this.props.issue.promised_date });
    }

    get steps() {
        return this.props.issue.steps;
    }

    toggle(step) {
        const done = this.steps.filter((other) => (other.id === step.id ? !other.done : other.done));
        return this.change({ steps: done.map((other) => other.id) });
    }

    async change(values) {
        const args = [[this.props.followupId], values];
        this.props.onChanged(await this.orm.call("aftersale.followup", "console_complaint", args));
    }
}
