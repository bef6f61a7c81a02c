import { Component, onMounted, onPatched, onWillUnmount, useExternalListener, useRef, useState } from "@odoo/owl";
import { deserializeDateTime, serializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { useCopyMessage } from "../copy/copy_message";
import { Complaint } from "./complaint";
import { DraftKeeper } from "./draft_keeper";
import { Questionnaire } from "./questionnaire";

const { DateTime } = luxon;
const LOCAL = "yyyy-MM-dd'T'HH:mm"; // what an input of type datetime-local holds

// What is typed beside the answers: its name here, and in the draft
const FIELDS = [
    ["consent", "consent"],
    ["contactName", "contact_name"],
    ["note", "note"],
    ["channel", "channel"],
];

/** One call: what to say, what to ask, and how it ended. Props `data` is what `console_open` returned. */
export class Call extends Component {
    static template = "aftersale_followup.Call";
    static components = { Complaint, Questionnaire };
    static props = { data: Object, onFinished: Function, onNext: Function };

    setup() {
        this.orm = useService("orm");
        this.copyMessage = useCopyMessage();
        this.notification = useService("notification");
        this.root = useRef("root");
        const { draft, clock, channel, probes, closing, complaint, call_back } = this.props.data;
        this.state = useState({
            answers: draft.answers || {},
            consent: draft.consent || false,
            contactName: draft.contact_name || "",
            note: draft.note || "",
            channel,
            probes,
            closing,
            complaint,
            isCopied: false,
            panel: null, // "call_back", "refused" or "complaint"
            declined: false,
            level: "request",
            callBack: deserializeDateTime(call_back).toFormat(LOCAL),
            errors: {},
            status: "",
            busy: false,
        });
        // Not the component's: what was typed last is sent when the next customer is on the screen already.
        this.keeper = new DraftKeeper(this.env.services.orm, this.props.data.id, {
            clock,
            onHeard: ({ stale, ...heard }) => {
                Object.assign(this.state, heard);
                this.showLater(stale);
            },
            onStatus: (status) => (this.state.status = status),
        });
        const { answers, ...rest } = this.keeper.recover() || {};
        Object.assign(this.state.answers, answers);
        for (const [name, field] of FIELDS) {
            this.state[name] = rest[field] ?? this.state[name];
        }
        this.levels = [
            ["request", _t("Only this time")],
            ["scenario", _t("Never on such occasions")],
            ["all", _t("Never at all")],
        ];
        useExternalListener(window, "pagehide", () => this.keeper.sendBeacon());
        onMounted(() => this.root.el.querySelector("h2").focus());
        onPatched(() => this.focusWanted());
        onWillUnmount(() => this.keeper.flush());
    }

    // ---------------------------------------------------------------
    // Texts
    // ---------------------------------------------------------------

    parts(...keys) {
        return this.props.data.script.filter((part) => keys.includes(part.key));
    }

    lines(part) {
        return part.text.split("\n").filter(Boolean);
    }

    get opening() {
        return this.parts("opening", "");
    }

    get statusText() {
        return {
            saving: _t("Saving…"),
            saved: _t("Draft saved"),
            failed: _t("Not saved: no connection. It is tried again."),
        }[this.state.status];
    }

    /** The hour at the customer's place, where it is another one than here. */
    get customerTime() {
        const there = DateTime.now().setZone(this.props.data.customer.zone);
        const isElsewhere = there.isValid && there.offset !== DateTime.now().offset;
        return isElsewhere ? _t("At the customer's place it is %s", there.toFormat("HH:mm")) : "";
    }

    get triedText() {
        const hours = this.props.data.customer.tried.map((hour) => `${hour}:00`).join(", ");
        return _t("Nobody answered at this hour before (tried at %s). Another hour has better chances.", hours);
    }

    // ---------------------------------------------------------------
    // What is typed
    // ---------------------------------------------------------------

    answer(question, value) {
        const answers = { ...this.state.answers, [question.id]: value };
        if (value === null) {
            delete answers[question.id];
        }
        this.state.answers = answers;
        delete this.state.errors[question.id];
        this.keeper.change({ answers: { [question.id]: value } });
    }

    set(name, field, value) {
        this.state[name] = value;
        this.keeper.change({ [field]: value });
    }

    /** Something else was typed later, in another window: it stands here, too, and what it replaces is told. */
    showLater({ answers = {}, ...rest }) {
        const replaced = [];
        for (const [name, field] of FIELDS) {
            if (field in rest && !this.keeper.isChanged(field)) {
                replaced.push(this.state[name]);
                this.state[name] = rest[field] ?? "";
            }
        }
        for (const question of this.props.data.questions) {
            const later = answers[question.id];
            if (later !== undefined && !this.keeper.isChanged(`answers.${question.id}`)) {
                const value = this.state.answers[question.id];
                replaced.push(`${question.title} ${typeof value === "object" ? "" : value}`);
                this.state.answers = { ...this.state.answers, [question.id]: later };
                if (later === null) {
                    delete this.state.answers[question.id];
                }
            }
        }
        const texts = replaced.filter((text) => typeof text === "string" && text.trim());
        if (replaced.length) {
            const message = _t("Something else was typed later in another window. Replaced: %s", texts.join(" · "));
            this.notification.add(message, { type: "warning", sticky: true });
        }
    }

    setConsent(agrees) {
        this.set("consent", "consent", agrees);
        this.state.declined = !agrees;
        this.state.panel = agrees ? null : "refused";
        this.focusLater(agrees ? "[data-stop] input, [data-stop] textarea" : ".o_aftersale_panel input");
    }

    toggle(panel) {
        this.state.declined = false;
        this.state.panel = this.state.panel === panel ? null : panel;
        this.focusLater(".o_aftersale_panel input");
    }

    async openComplaint() {
        await this.keeper.flush();
        const args = [[this.props.data.id], {}];
        this.state.complaint = await this.orm.call("aftersale.followup", "console_complaint", args);
        this.state.panel = "complaint";
        this.focusLater(".o_aftersale_panel input");
    }

    /** Focus what `selector` finds once the change of state is on the screen. */
    focusLater(selector) {
        this.wanted = selector;
    }

    focusWanted() {
        const target = this.wanted && this.root.el.querySelector(this.wanted);
        if (target && !target.matches(":disabled")) {
            this.wanted = null;
            target.focus();
        }
    }

    // ---------------------------------------------------------------
    // Ends
    // ---------------------------------------------------------------

    onEnd() {
        this.root.el.querySelector(".o_aftersale_save").focus();
    }

    save() {
        return this.finish("reached");
    }

    callBack() {
        const moment = DateTime.fromFormat(this.state.callBack, LOCAL);
        return this.finish("call_back", { call_back_date: moment.isValid ? serializeDateTime(moment) : false });
    }

    refuse() {
        return this.finish("refused", { level: this.state.level, declined: this.state.declined });
    }

    /** Copy text and link for a chat; what comes next is to say that they were sent. */
    async copy() {
        await this.copyMessage(this.props.data.id);
        this.state.isCopied = true;
        this.focusLater(".o_aftersale_sent");
    }

    async markSent() {
        if (this.state.busy) {
            return;
        }
        this.state.busy = true;
        try {
            await this.keeper.flush();
            const { params } = await this.orm.call("aftersale.followup", "action_mark_sent", [[this.props.data.id]]);
            await this.props.onFinished(this.props.data.customer.name, params.message);
        } finally {
            this.state.busy = false;
        }
    }

    async finish(outcome, extra = {}) {
        if (this.state.busy) {
            return;
        }
        this.state.busy = true;
        try {
            await this.keeper.flush();
            await this.end(outcome, extra, this.keeper.take() || {});
        } finally {
            this.state.busy = false;
        }
    }

    async end(outcome, extra, draft) {
        try {
            const args = [[this.props.data.id], outcome, { ...extra, draft }];
            const result = await this.orm.call("aftersale.followup", "console_finish", args);
            if (result.stale) {
                this.showLater(result.stale);
            } else if (result.errors) {
                this.state.errors = result.errors;
                const wrong = Object.keys(result.errors).map((id) => `[data-question="${id}"] :is(input, textarea)`);
                this.focusLater(wrong.join(", "));
            } else {
                this.keeper.forget();
                await this.props.onFinished(this.props.data.customer.name, result.message);
            }
        } catch (error) {
            this.keeper.change(draft); // the server undid everything
            throw error;
        }
    }
}
