import { registry } from "@web/core/registry";

const card = (column) => `.o_kanban_group:has(.o_column_title:contains("${column}")) .o_kanban_record:contains("The lid leaks")`;
const drop = (from, to) => ({
    content: `Drag the issue from ${from} to ${to}`,
    trigger: card(from),
    run: `drag_and_drop(.o_kanban_group:has(.o_column_title:contains("${to}")))`,
});
const refused = (missing) => [
    {
        content: `The guard says what is missing: ${missing}`,
        trigger: `.modal-body:contains("${missing}")`,
    },
    {
        content: "Understood",
        trigger: ".modal-footer .btn-primary",
        run: "click",
    },
    {
        trigger: "body:not(:has(.modal))",
    },
];
const button = (name) => ({
    content: `Press ${name}`,
    trigger: `.o_form_view .o_statusbar_buttons button[name="${name}"]`,
    run: "click",
});
const status = (label) => ({
    content: `The issue is ${label}`,
    trigger: `.o_statusbar_status .o_arrow_button_current:contains("${label}")`,
});
const tab = (label) => ({
    content: `Open the page ${label}`,
    trigger: `.o_notebook_headers .nav-link:contains("${label}")`,
    run: "click",
});

registry.category("web_tour.tours").add("aftersale_followup_board", {
    steps: () => [
        {
            content: "The columns stand in the order of the work, without one for cancelled issues",
            trigger: ".o_kanban_group:nth-child(4):contains(Closed)",
        },
        {
            trigger: 'body:not(:has(.o_column_title:contains("Cancelled")))',
        },
        drop("New", "Closed"),
        ...refused("cannot become “Closed” in one step"),
        drop("New", "In Progress"),
        ...refused("a responsible user"),
        {
            content: "The refused card is back in its column",
            trigger: card("New"),
            run: "click",
        },
        button("action_process"),
        status("In Progress"),
        button("action_done"),
        ...refused("the root cause, the solution"),
        {
            content: "Write the cause",
            trigger: ".o_field_widget[name=root_cause] textarea",
            run: "edit Worn seal",
        },
        {
            content: "Write the solution",
            trigger: ".o_field_widget[name=solution] textarea",
            run: "edit Seal replaced",
        },
        button("action_done"),
        status("Done"),
        tab("Verification"),
        {
            content: "The second follow-up is planned",
            trigger: ".o_field_widget[name=verification_followup_ids] .o_data_row:contains(Planned)",
        },
        button("action_close"),
        ...refused("the customer's confirmation in a second follow-up, or a supervisor's waiver"),
        {
            content: "Choose why the customer is not waited for",
            trigger: ".o_field_widget[name=waiver_reason] input",
            run: "click",
        },
        {
            trigger: ".o_select_menu_item:contains(Customer cannot be reached)",
            run: "click",
        },
        {
            content: "Write what was tried",
            trigger: ".o_field_widget[name=waiver_note] textarea",
            run: "edit Called three times",
        },
        button("action_close"),
        status("Closed"),
        {
            content: "Back to the board",
            trigger: ".o_back_button",
            run: "click",
        },
        {
            content: "The issue is closed on the board",
            trigger: card("Closed"),
        },
    ],
});
