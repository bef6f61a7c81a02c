import { Component, onWillStart } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { FigureTile } from "./figure_tile";
import { useFiguresPage } from "./figures_page";
import { PeriodPicker } from "./period_picker";

/** An agent's own figures, beside the mean of the team. */
export class MyFigures extends Component {
    static template = "aftersale_followup.MyFigures";
    static components = { FigureTile, Layout, PeriodPicker };
    static props = { ...standardActionServiceProps };

    setup() {
        this.page = useFiguresPage(this, "get_my_figures", "get_my_records");
        onWillStart(() => this.page.choose());
    }

    opener(tile) {
        return tile.is_open ? () => this.page.open(tile.key) : undefined;
    }

    get legend() {
        const { weak_n: weak, min_n: least } = this.page.data;
        return _t("* Fewer than %(weak)s cases: read with care. Below %(least)s nothing is shown.", { weak, least });
    }
}

registry.category("actions").add("aftersale_followup.my_figures", MyFigures);
