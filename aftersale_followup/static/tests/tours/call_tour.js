import { registry } from "@web/core/registry";

const QUESTION = ".o_aftersale_questionnaire fieldset";

registry.category("web_tour.tours").add("aftersale_followup_call", {
    steps: () => [
        {
            content: "Satisfaction comes first; its points are radio buttons",
            trigger: `${QUESTION}:first input[type=radio][value="4"]`,
            run: "click",
        },
        {
            content: "The conditional question is not asked yet",
            trigger: `.o_aftersale_questionnaire:not(:contains(What is still missing))`,
        },
        {
            trigger: `${QUESTION} label:contains(Partly) input`,
            run: "click",
        },
        {
            content: "It is asked now",
            trigger: `textarea[aria-label="What is still missing?"]`,
            run: "edit The lid && press Tab",
        },
        {
            trigger: `${QUESTION} fieldset:contains(Attitude) label:contains(Very satisfied) input`,
            run: "click",
        },
        {
            trigger: `.o_field_widget[name=consent] input`,
            run: "click",
        },
        {
            trigger: `button[name=action_save]`,
            run: "click",
        },
        {
            trigger: `.o_notification:contains(The answers are recorded)`,
        },
    ],
});
