import { registry } from "@web/core/registry";

const row = (text) => `.o_data_row:contains("${text}")`;
const suggestion = (tag) => `.o_aftersale_suggestions button:contains("${tag}")`;

registry.category("web_tour.tours").add("aftersale_followup_classify", {
    steps: () => [
        {
            content: "One click in the list accepts a suggestion",
            trigger: `${row("The courier was late")} ${suggestion("Delivery and logistics")}`,
            run: "click",
        },
        {
            content: "It is done and leaves the list",
            trigger: `.o_list_view:not(:has(${row("The courier was late")}))`,
        },
        {
            content: "What was learned names its words",
            trigger: `${row("A shelf that wobbles")} button.btn-secondary[title*="wobbles"]`,
        },
        {
            trigger: `${row("A shelf that wobbles")} .o_data_cell[name=content]`,
            run: "click",
        },
        {
            content: "One click in the form",
            trigger: `.o_form_view ${suggestion("Installation and start")}`,
            run: "click",
        },
        {
            content: "It is confirmed",
            trigger: '.o_form_view .o_field_widget[name="is_tag_confirmed"] input:checked',
        },
        {
            trigger: ".o_back_button, .breadcrumb-item a",
            run: "click",
        },
        {
            trigger: `.o_list_view:not(:has(${row("A shelf that wobbles")}))`,
        },
        {
            content: "Many at once",
            trigger: ".o_list_view thead .o_list_record_selector input:enabled",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row_selected",
        },
        {
            trigger: '.o_list_view button:contains("Classify")',
            run: "click",
        },
        {
            trigger: '.modal .o_field_widget[name="summary"]:contains("2 chosen: 2 with a suggestion")',
        },
        {
            trigger: ".modal footer button[name=action_classify]",
            run: "click",
        },
        {
            trigger: ".o_list_view:not(:has(.o_data_row)), .o_view_nocontent",
        },
    ],
});
