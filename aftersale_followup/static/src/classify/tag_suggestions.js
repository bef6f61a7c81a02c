import { Component, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** The suggested tags of an answer as buttons: one click accepts one; the words that speak for it are its tooltip. */
export class TagSuggestions extends Component {
    static template = "aftersale_followup.TagSuggestions";
    static props = { ...standardFieldProps, limit: { type: Number, optional: true } };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ busy: false });
    }

    get suggestions() {
        return (this.props.record.data[this.props.name] || []).slice(0, this.props.limit);
    }

    async accept(suggestion) {
        const record = this.props.record;
        if (this.state.busy) {
            return;
        }
        this.state.busy = true;
        try {
            if ((await record.isDirty()) && !(await record.save())) {
                return;
            }
            await this.orm.call("aftersale.feedback", "action_accept_tag", [[record.resId], suggestion.id]);
            await record.model.load();
        } finally {
            this.state.busy = false;
        }
    }
}

registry.category("fields").add("aftersale_tag_suggestions", {
    component: TagSuggestions,
    supportedTypes: ["json"],
    extractProps: ({ options }) => ({ limit: options.limit }),
});
