import { useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { useSetupAction } from "@web/search/action_hook";

/**
 * What a page of figures does: read them for what is chosen, say so when that fails, lead to the records behind one.
 *
 * @param {string} method of `aftersale.overview` that returns the page
 * @param {string} opener its method that returns the action behind a figure
 */
export function useFiguresPage(component, method, opener) {
    const orm = useService("orm");
    const action = useService("action");
    const keepLast = new KeepLast();
    const page = useState({
        options: component.props.state?.options || { period: "month" },
        data: null,
        error: "",
        isLoading: false,

        /** Show the figures of other `changes`: a period, or a filter. */
        async choose(changes = {}) {
            Object.assign(page, { isLoading: true, error: "" });
            Object.assign(page.options, changes);
            try {
                page.data = await keepLast.add(orm.call("aftersale.overview", method, [{ ...page.options }]));
            } catch (error) {
                page.data = null;
                page.error = error.data?.message || _t("The figures could not be read. Check the connection.");
            }
            page.isLoading = false;
        },

        /** Open the records behind a figure, or behind one part of it. */
        async open(key, part = null) {
            await action.doAction(await orm.call("aftersale.overview", opener, [{ ...page.options }, key, part]));
        },
    });
    // on the way back from the records the same period and filters are chosen
    useSetupAction({ getLocalState: () => ({ options: { ...page.options } }) });
    return page;
}
