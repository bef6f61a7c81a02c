import { Component, markup, useRef } from "@odoo/owl";

const TYPED = ["text_box", "char_box", "numerical_box", "date", "datetime"];
const TWO_DIGITS = 1000; // milliseconds between the digits of "10"

/**
 * The questionnaire of a follow-up: answers are {question id: value}; the server checks them again.
 *
 * By keyboard: a digit chooses, Enter goes on (in long texts Shift+Enter breaks the line), Delete takes back.
 */
export class Questionnaire extends Component {
    static template = "aftersale_followup.Questionnaire";
    static props = {
        questions: Array,
        answers: Object,
        errors: Object,
        probes: Object,
        disabled: Boolean,
        onAnswer: Function, // (question, value or null)
        onEnd: Function, // Enter after the last question
    };

    setup() {
        this.root = useRef("root");
        this.lastDigit = { key: "", time: 0 };
    }

    /** Questions that are asked: a conditional one appears once one of its triggering answers is chosen. */
    get questions() {
        const chosen = new Set();
        return this.props.questions.filter((question) => {
            const asked = !question.triggers.length || question.triggers.some((id) => chosen.has(id));
            if (asked && ["simple_choice", "multiple_choice"].includes(question.type)) {
                [this.props.answers[question.id] ?? []].flat().forEach((id) => chosen.add(id));
            }
            return asked;
        });
    }

    isTyped(question) {
        return TYPED.includes(question.type);
    }

    /** Whether every point has a name; otherwise only the ends are explained, below the points. */
    isNamed(question) {
        return question.points.every((point) => point.label);
    }

    isChosen(question, id, row) {
        const answer = this.props.answers[question.id];
        const values = row ? answer?.[row.id] : answer;
        return [values ?? []].flat().includes(id);
    }

    help(question) {
        return markup(question.help);
    }

    inputType(question) {
        return { date: "date", datetime: "datetime-local" }[question.type] || "text";
    }

    choose(question, id, checked) {
        if (!question.several) {
            return this.props.onAnswer(question, id);
        }
        const others = [this.props.answers[question.id] ?? []].flat().filter((other) => other !== id);
        this.props.onAnswer(question, checked ? [...others, id] : others);
    }

    chooseCell(question, row, id, checked) {
        const answer = this.props.answers[question.id] || {};
        const others = question.several ? (answer[row.id] || []).filter((other) => other !== id) : [];
        this.props.onAnswer(question, { ...answer, [row.id]: checked ? [...others, id] : others });
    }

    takeBack(question, row) {
        if (!row) {
            return this.props.onAnswer(question, null);
        }
        this.props.onAnswer(question, { ...this.props.answers[question.id], [row.id]: [] });
    }

    // ---------------------------------------------------------------
    // Keyboard
    // ---------------------------------------------------------------

    onKeydown(ev, question, row) {
        if (ev.isComposing || ev.altKey || ev.ctrlKey || ev.metaKey) {
            return;
        }
        const typing = ev.target.matches("textarea, input:not([type=radio], [type=checkbox])");
        if (ev.key === "Enter" && !(ev.shiftKey && ev.target.matches("textarea"))) {
            this.focusNext(ev.currentTarget);
        } else if (!typing && /^[0-9]$/.test(ev.key)) {
            this.chooseByDigit(ev, question);
        } else if (!typing && ["Delete", "Backspace"].includes(ev.key)) {
            this.takeBack(question, row);
        } else {
            return;
        }
        ev.preventDefault();
        ev.stopPropagation(); // a row of a matrix lies within its question
    }

    chooseByDigit(ev, question) {
        const inputs = [...ev.currentTarget.querySelectorAll("input")];
        const isTen = ev.key === "0" && this.lastDigit.key === "1" && ev.timeStamp - this.lastDigit.time < TWO_DIGITS;
        this.lastDigit = { key: ev.key, time: ev.timeStamp };
        const ten = isTen && inputs.find((input) => input.value === "10");
        const wanted =
            question.type === "scale"
                ? ten || inputs.find((input) => input.value === ev.key)
                : inputs[(Number(ev.key) || 10) - 1];
        wanted?.focus();
        wanted?.click();
    }

    get stops() {
        return [...this.root.el.querySelectorAll("[data-stop]")];
    }

    focusStop(stop) {
        const target = stop?.querySelector("input:checked") || stop?.querySelector("input, textarea");
        target?.focus();
    }

    focusNext(stop) {
        const stops = this.stops;
        const next = stops[stops.indexOf(stop) + 1];
        next ? this.focusStop(next) : this.props.onEnd();
    }
}
