import { Component, onWillStart } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { RecordSelector } from "@web/core/record_selectors/record_selector";
import { registry } from "@web/core/registry";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { FigureChart } from "./figure_chart";
import { FigureTile } from "./figure_tile";
import { useFiguresPage } from "./figures_page";
import { PeriodPicker } from "./period_picker";

/** The manager's overview: the figures of a period at a glance, each one click away from the records behind it. */
export class Overview extends Component {
    static template = "aftersale_followup.Overview";
    static components = { FigureChart, FigureTile, Layout, PeriodPicker, RecordSelector };
    static props = { ...standardActionServiceProps };

    setup() {
        this.page = useFiguresPage(this, "get_overview", "get_records");
        this.filters = [
            ["team", _t("Whole company")],
            ["plan", _t("All plans")],
            ["scenario", _t("All scenarios")],
            ["channel", _t("All channels")],
        ];
        this.responseTitle = _t("Response");
        onWillStart(() => this.page.choose());
    }

    onFilter(name, ev) {
        // scenarios are codes, all others records
        const value = ev.target.value;
        return this.page.choose({ [name]: name === "scenario" ? value : Number(value) });
    }

    get hasFilter() {
        const { team, plan, scenario, channel, product } = this.page.options;
        return Boolean(team || plan || scenario || channel || product);
    }

    reset() {
        return this.page.choose({ team: 0, plan: 0, scenario: "", channel: 0, product: 0 });
    }

    get nothing() {
        return _t("Nothing to show for %s", this.page.data.label);
    }

    get legend() {
        const { weak_n: weak, min_n: least } = this.page.data;
        return _t("* Fewer than %(weak)s cases: read with care. Below %(least)s nothing is shown.", { weak, least });
    }

    /** The charts, each with the rows it shows: {key, title, rows, series, …}. */
    get charts() {
        const { areas, channels, problems } = this.page.data;
        const series = (rows, label, name, text) => ({
            label,
            values: rows.map((row) => row[name]),
            texts: rows.map((row) => row[text]),
        });
        return [
            {
                key: "problems",
                title: _t("Top Problems"),
                help: _t("Share of all feedback with a problem that names it; shares may add up to more than 100 %."),
                rows: problems.map((row) => ({ ...row, label: row.name, value_text: row.share, note: row.before })),
                noteTitle: _t("Before"),
                series: [series(problems, _t("Share in %"), "value", "share")],
                max: 100,
            },
            {
                key: "areas",
                title: _t("Areas"),
                help: _t("Average score of each area asked about, from 1 to 5."),
                rows: areas.map((row) => ({ ...row, value_text: row.value, note: row.previous })),
                noteTitle: _t("Before"),
                series: [series(areas, _t("Average score"), "score", "value")],
                max: 5,
            },
            {
                key: "channels",
                title: _t("Channels"),
                help: _t("Follow-ups of the period by the channel they went out: contacted, reached, answered."),
                rows: channels.map((row) => ({ ...row, value_text: row.value, note: row.previous })),
                noteTitle: _t("Before"),
                series: [
                    series(channels, _t("Contacted"), "contacted", "contacted"),
                    series(channels, _t("Reached"), "reached", "reached"),
                    series(channels, _t("Answered"), "answered", "answered"),
                ],
            },
        ]
            .filter((chart) => chart.rows.length)
            .map((chart) => ({ ...chart, isDrawn: chart.series.some(({ values }) => values.some((v) => v !== null)) }));
    }
}

registry.category("actions").add("aftersale_followup.overview", Overview);
