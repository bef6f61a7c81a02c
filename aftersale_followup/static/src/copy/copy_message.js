import { Component, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

/**
 * Button that copies the message with the customer's personal link. The text is fetched when it is needed, not with
 * the form: it is a right to answer, and who took it is noted.
 */
export class CopyMessage extends Component {
    static template = "aftersale_followup.CopyMessage";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.notification = useService("notification");
        this.state = useState({ busy: false });
    }

    async copy() {
        const record = this.props.record;
        if (this.state.busy || ((await record.isDirty()) && !(await record.save()))) {
            return;
        }
        this.state.busy = true;
        try {
            const text = await this.orm.call("aftersale.followup", "get_message_text", [[record.resId]]);
            await this.write(text);
        } finally {
            this.state.busy = false;
        }
    }

    /** Where the browser does not let pages write to its clipboard, the text is shown instead. */
    async write(text) {
        try {
            await browser.navigator.clipboard.writeText(text);
            this.notification.add(_t("Text and personal link are copied. Paste them into the chat."), {
                type: "success",
            });
        } catch {
            this.notification.add(text, { title: _t("Copy this text into the chat"), sticky: true, type: "info" });
        }
    }
}

registry.category("view_widgets").add("aftersale_copy_message", { component: CopyMessage });
