import { registry } from "@web/core/registry";

const column = (title) => `.o_kanban_group:has(.o_column_title:contains("${title}"))`;

registry.category("web_tour.tours").add("aftersale_followup_triage", {
    steps: () => [
        {
            content: "Who has nothing to do yet is a column, too",
            trigger: `${column("asf_agent_one")}:not(:has(.o_kanban_record))`,
        },
        {
            content: "Give the issue to the agent",
            trigger: `${column("None")} .o_kanban_record:contains("The lid leaks")`,
            run: 'drag_and_drop(.o_kanban_group:has(.o_column_title:contains("asf_agent_one")))',
        },
        {
            content: "The card is in the agent's column",
            trigger: `${column("asf_agent_one")} .o_kanban_record:contains("The lid leaks")`,
        },
        {
            content: "Open the list, and merge what is one problem",
            trigger: ".o_switch_view.o_list",
            run: "click",
        },
        {
            content: "Choose all",
            trigger: ".o_list_view thead .o_list_record_selector input",
            run: "click",
        },
        {
            content: "Merge",
            trigger: ".o_control_panel button:contains(Merge)",
            run: "click",
        },
        {
            content: "The first one goes on",
            trigger: ".modal .o_field_widget[name=target_id] .o_radio_item:contains('The lid leaks') input",
            run: "click",
        },
        {
            content: "Do it",
            trigger: ".modal footer button[name=action_merge]",
            run: "click",
        },
        {
            content: "The issue that goes on is shown",
            trigger: ".o_form_view .o_field_widget[name=title] textarea, .o_form_view .o_field_widget[name=title] input",
        },
        {
            trigger: "body:not(:has(.modal))",
        },
    ],
});
