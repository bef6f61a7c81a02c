import { Component, onWillStart, useEffect, useRef, useState } from "@odoo/owl";
import { serializeDate, today } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { Questionnaire } from "../console/questionnaire";

const MODEL = "aftersale.followup";
const REMEMBERED = 10; // entered forms that stay in sight

/** Types in a stack of paper forms: number, answers, Enter, the next one. Date and channel stay as they are. */
export class PaperEntry extends Component {
    static template = "aftersale_followup.PaperEntry";
    static components = { Questionnaire };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.code = useRef("code");
        this.save = useRef("save");
        this.sheet = useRef("sheet");
        this.channels = [
            ["paper", _t("Came on paper")],
            ["visit", _t("Asked at a visit")],
        ];
        this.state = useState({
            code: "",
            date: serializeDate(today()),
            channel: "paper",
            form: null,
            alert: "",
            entered: [],
            count: 0,
            busy: false,
        });
        const number = this.props.action.params?.code;
        onWillStart(() => number && this.load(number));
        useEffect(
            (id) => {
                const first = ".o_aftersale_question input, .o_aftersale_question textarea";
                (id ? this.sheet.el.querySelector(first) : this.code.el)?.focus();
            },
            () => [this.state.form?.id]
        );
        // What is disabled while it is saved loses the focus; without it no key would do anything.
        useEffect(
            (busy) => {
                if (!busy) {
                    this.wanted?.focus();
                }
            },
            () => [this.state.busy]
        );
    }

    get today() {
        return serializeDate(today());
    }

    // ---------------------------------------------------------------
    // One form
    // ---------------------------------------------------------------

    async load(code) {
        this.state.alert = "";
        try {
            const form = await this.orm.call(MODEL, "paper_open", [code]);
            this.state.form = { ...form, answers: {}, errors: {}, note: "", wantsCall: false, call: "", optOut: false };
        } catch (error) {
            this.refuse(error);
        }
    }

    /** What a user can mend stands on the screen, not in a dialog: both hands stay on the keyboard. */
    refuse(error) {
        const message = error.data?.message;
        if (!message || !["odoo.exceptions.UserError", "odoo.exceptions.ValidationError"].includes(error.data.name)) {
            throw error;
        }
        this.state.alert = message;
    }

    async onCode() {
        if (!this.state.code.trim() || this.state.busy) {
            return;
        }
        await this.atOnce(() => this.load(this.state.code));
        if (!this.state.form) {
            this.code.el.select();
        }
    }

    onAnswer(question, value) {
        this.state.form.answers[question.id] = value;
        delete this.state.form.errors[question.id];
    }

    focusSave() {
        this.save.el.focus();
        this.save.el.scrollIntoView({ block: "nearest" });
    }

    onKeydown(ev) {
        if (ev.key === "Enter" && (ev.ctrlKey || ev.metaKey)) {
            ev.preventDefault();
            this.onSave();
        } else if (ev.key === "Escape") {
            ev.preventDefault();
            this.leave();
        }
    }

    async atOnce(work) {
        this.state.busy = true;
        try {
            await work();
        } finally {
            this.state.busy = false;
        }
    }

    async onSave() {
        if (this.state.form && !this.state.busy) {
            this.wanted = document.activeElement;
            await this.atOnce(() => this.record(this.state.form));
        }
    }

    async record(form) {
        this.state.alert = "";
        const values = {
            answers: form.answers,
            date: this.state.date,
            channel: this.state.channel,
            contact_name: form.contact_name,
            note: form.note,
            call_back: form.wantsCall ? form.call : null,
            opt_out: form.optOut,
        };
        try {
            const result = await this.orm.call(MODEL, "paper_save", [[form.id], values]);
            if (result.errors) {
                form.errors = result.errors;
                this.state.alert = _t("Please check the marked questions; nothing was saved yet.");
                const first = form.questions.find((question) => result.errors[question.id]);
                this.wanted = this.sheet.el.querySelector(`[data-question="${first.id}"] :is(input, textarea)`);
                return;
            }
            this.state.entered = [{ id: form.id, name: form.name, customer: form.customer }, ...this.state.entered].slice(0, REMEMBERED);
            this.state.count++;
            this.leave();
        } catch (error) {
            this.refuse(error);
        }
    }

    /** Back to the number: this form is recorded, or laid aside. */
    leave() {
        this.wanted = null;
        this.state.form = null;
        this.state.code = "";
        this.state.alert = "";
    }

    open(form) {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: MODEL,
            res_id: form.id,
            views: [[false, "form"]],
        });
    }
}

registry.category("actions").add("aftersale_followup.paper_entry", PaperEntry);
