import { registry } from "@web/core/registry";

const tile = (key) => `.o_aftersale_tile[data-key="${key}"]`;

registry.category("web_tour.tours").add("aftersale_followup_overview", {
    steps: () => [
        {
            content: "The average with its n",
            trigger: `${tile("satisfaction")}:contains("3.5"):contains("n = 4")`,
        },
        {
            content: "How it is counted opens beside it",
            trigger: `${tile("satisfaction")} .o_aftersale_explain`,
            run: "click",
        },
        {
            trigger: `${tile("satisfaction")} .o_aftersale_definition:contains("Mean of the scores")`,
        },
        {
            content: "A problem leads to the feedback that names it",
            trigger: '[data-chart="problems"] td button:contains("Late goods")',
            run: "click",
        },
        {
            content: "The list says what it holds",
            trigger: '.o_breadcrumb:contains("Late goods")',
        },
        {
            trigger: ".o_list_view .o_data_row:nth-child(3)",
        },
        {
            trigger: ".o_back_button, .breadcrumb-item a:contains(Overview)",
            run: "click",
        },
        {
            content: "Of one team",
            trigger: '.o_aftersale_filter[data-filter="team"]',
            run: "selectByLabel Own",
        },
        {
            trigger: `${tile("satisfaction")}:contains("n = 3")`,
        },
        {
            content: "The value leads to the records it counts",
            trigger: `${tile("satisfaction")} button.o_aftersale_value`,
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:nth-child(3)",
        },
        {
            trigger: ".o_back_button, .breadcrumb-item a:contains(Overview)",
            run: "click",
        },
        {
            content: "What was chosen is still chosen",
            trigger: `${tile("satisfaction")}:contains("n = 3")`,
        },
        {
            trigger: '.o_aftersale_period button[aria-label="Period before"]',
            run: "click",
        },
        {
            content: "Nothing there, and it says where the figures come from",
            trigger: ".o_aftersale_empty:contains(Nothing to show)",
        },
        {
            trigger: '.o_aftersale_period button[aria-label="Period after"]',
            run: "click",
        },
        {
            trigger: `${tile("csat")}:contains("67%")`,
        },
    ],
});
