import { Component, onMounted, onWillStart, onWillUnmount, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { deserializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { Call } from "./call";

const { DateTime } = luxon;
const REFRESH = 60_000; // milliseconds until the queue is read again: agreed hours come, others call too
const MODEL = "aftersale.followup";
const CURRENT = "aftersale_call"; // which call this tab shows

/** The agent's day on one screen: the queue, the call, the customer. */
export class PhoneConsole extends Component {
    static template = "aftersale_followup.PhoneConsole";
    static components = { Call };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.notification = useService("notification");
        this.state = useState({ rows: [], counts: {}, search: "", call: null, pane: "queue" });
        this.sections = [
            ["points", _t("Talking Points")],
            ["issues", _t("Issues Not Closed")],
            ["products", _t("Products")],
            ["scores", _t("Past Scores")],
            ["contacts", _t("Last Contacts")],
            ["orders", _t("Orders")],
            ["deliveries", _t("Deliveries")],
            ["cases", _t("Solved Before")],
        ];
        onWillStart(async () => {
            const current = await this.loadQueue();
            // A reload, or another tab, goes on with the call that was begun.
            const here = Number(browser.sessionStorage.getItem(CURRENT));
            const begun = this.state.rows.some((row) => row.id === here) ? here : current;
            const followup = this.props.action.params?.followup_id || begun;
            if (followup) {
                await this.open(followup);
            }
        });
        onMounted(() => (this.timer = browser.setInterval(() => this.loadQueue(this.orm.silent), REFRESH)));
        onWillUnmount(() => browser.clearInterval(this.timer));
    }

    async loadQueue(orm = this.orm) {
        const { rows, counts, current } = await orm.call(MODEL, "console_queue", []);
        Object.assign(this.state, { rows, counts });
        return current;
    }

    async open(followupId) {
        this.state.call = await this.orm.call(MODEL, "console_open", [[followupId]]);
        this.state.pane = "call";
        browser.sessionStorage.setItem(CURRENT, followupId);
    }

    // ---------------------------------------------------------------
    // Queue
    // ---------------------------------------------------------------

    get rows() {
        const words = this.state.search.trim().toLowerCase().split(/\s+/);
        return this.state.rows.filter((row) => {
            const text = [row.customer, row.number, row.plan, row.products, row.order].join(" ").toLowerCase();
            return words.every((word) => text.includes(word));
        });
    }

    get counts() {
        const { due, late, later, calls, answered } = this.state.counts;
        return {
            due: _t("%s due", due),
            late: _t("%s overdue", late),
            later: _t("%s later today", later),
            done: _t("%(calls)s calls, %(answered)s answered", { calls, answered }),
        };
    }

    /** When to call again; of what was left over from another day, that day as well. */
    hour(row) {
        const moment = deserializeDateTime(row.hour);
        const isToday = moment.hasSame(DateTime.now(), "day");
        return moment.toFormat(isToday ? "HH:mm" : "MM-dd HH:mm");
    }

    icon(row) {
        return { visit: "fa-handshake-o", im: "fa-comments-o" }[row.channel] || "fa-phone";
    }

    /** The next one whose turn it is: below the present one, else from the top. */
    get next() {
        const due = this.state.rows.filter((row) => !row.is_early);
        const order = this.state.rows.map((row) => row.id);
        const here = order.indexOf(this.state.call?.id);
        return due.find((row) => order.indexOf(row.id) > here) || due.find((row) => row.id !== this.state.call?.id);
    }

    async openNext() {
        const next = this.next;
        if (next) {
            return this.open(next.id);
        }
        this.state.call = null;
        this.state.pane = "queue";
        browser.sessionStorage.removeItem(CURRENT);
    }

    async onFinished(customer, message) {
        this.notification.add(message, { title: customer, type: "success" });
        await this.loadQueue();
        await this.openNext();
    }

    // ---------------------------------------------------------------
    // Customer
    // ---------------------------------------------------------------

    get context() {
        return this.sections
            .map(([key, title]) => ({ key, title, items: this.state.call.context[key] }))
            .filter((section) => section.items.length);
    }
}

registry.category("actions").add("aftersale_followup.console", PhoneConsole);
