import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/**
 * The questionnaire of a follow-up in the call form: answers are kept as {question id: value} in a Json field.
 * The questions come from the field `questionnaire`; the server checks the answers again when they are saved.
 */
export class QuestionnaireField extends Component {
    static template = "aftersale_followup.QuestionnaireField";
    static props = { ...standardFieldProps };

    get answers() {
        return this.props.record.data[this.props.name] || {};
    }

    /** Questions that are asked: a conditional one appears once one of its triggering answers is chosen. */
    get questions() {
        const chosen = new Set();
        return (this.props.record.data.questionnaire || []).filter((question) => {
            const asked = !question.triggers.length || question.triggers.some((id) => chosen.has(id));
            if (asked && ["simple_choice", "multiple_choice"].includes(question.type)) {
                [this.answers[question.id] ?? []].flat().forEach((id) => chosen.add(id));
            }
            return asked;
        });
    }

    /** Whether every point has a name; otherwise only the ends are explained, below the points. */
    isNamed(question) {
        return question.points.every((point) => point.label);
    }

    isChosen(question, id, row) {
        const answer = this.answers[question.id];
        const values = row ? answer?.[row.id] : answer;
        return [values ?? []].flat().includes(id);
    }

    set(question, value) {
        const answers = { ...this.answers, [question.id]: value };
        return this.props.record.update({ [this.props.name]: answers });
    }

    choose(question, id, checked) {
        if (!question.several) {
            return this.set(question, id);
        }
        const others = [this.answers[question.id] ?? []].flat().filter((other) => other !== id);
        return this.set(question, checked ? [...others, id] : others);
    }

    chooseCell(question, row, id, checked) {
        const answer = this.answers[question.id] || {};
        const others = question.several ? (answer[row.id] || []).filter((other) => other !== id) : [];
        return this.set(question, { ...answer, [row.id]: checked ? [...others, id] : others });
    }

    inputType(question) {
        return { date: "date", datetime: "datetime-local" }[question.type] || "text";
    }
}

export const questionnaireField = {
    component: QuestionnaireField,
    supportedTypes: ["json"],
    fieldDependencies: [{ name: "questionnaire", type: "json" }],
};

registry.category("fields").add("aftersale_questionnaire", questionnaireField);
