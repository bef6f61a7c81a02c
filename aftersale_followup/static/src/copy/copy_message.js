import { Component, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

/**
 * Return a function that copies the message of the follow-up with an id. The text is fetched when it is needed, not
 * before: it is a right to answer, and who took it is noted.
 */
export function useCopyMessage() {
    const orm = useService("orm");
    const notification = useService("notification");
    return async (followupId) => {
        const text = await orm.call("aftersale.followup", "get_message_text", [[followupId]]);
        try {
            await browser.navigator.clipboard.writeText(text);
            notification.add(_t("Text and personal link are copied. Paste them into the chat."), { type: "success" });
        } catch {
            // Where the browser does not let pages write to its clipboard, the text is shown instead.
            notification.add(text, { title: _t("Copy this text into the chat"), sticky: true, type: "info" });
        }
    };
}

/** Button that copies the message with the customer's personal link. */
export class CopyMessage extends Component {
    static template = "aftersale_followup.CopyMessage";
    static props = { ...standardWidgetProps };

    setup() {
        this.copyMessage = useCopyMessage();
        this.state = useState({ busy: false });
    }

    async copy() {
        const record = this.props.record;
        if (this.state.busy || ((await record.isDirty()) && !(await record.save()))) {
            return;
        }
        this.state.busy = true;
        try {
            await this.copyMessage(record.resId);
        } finally {
            this.state.busy = false;
        }
    }
}

registry.category("view_widgets").add("aftersale_copy_message", { component: CopyMessage });
