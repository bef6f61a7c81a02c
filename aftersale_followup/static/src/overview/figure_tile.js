import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

const WIDTH = 120;
const HEIGHT = 28;
const MARGIN = 3;

/** One figure: its value with n, interval, change, target and the last periods; how it is counted opens beside it. */
export class FigureTile extends Component {
    static template = "aftersale_followup.FigureTile";
    static props = { tile: Object, onOpen: { type: Function, optional: true } };

    setup() {
        this.state = useState({ isExplained: false });
    }

    get explainLabel() {
        return _t("How it is counted: %s", this.props.tile.label);
    }

    get arrow() {
        const { change, direction } = this.props.tile;
        const icon = change.startsWith("+") ? "fa-arrow-up" : "fa-arrow-down";
        return direction === "same" ? "fa-arrows-h" : icon;
    }

    get changeTitle() {
        const titles = {
            better: _t("Better than in the period before"),
            worse: _t("Worse than in the period before"),
            same: _t("As in the period before"),
        };
        return titles[this.props.tile.direction];
    }

    get light() {
        return {
            green: { icon: "fa-check-circle", color: "text-success" },
            amber: { icon: "fa-exclamation-circle", color: "text-warning" },
            red: { icon: "fa-times-circle", color: "text-danger" },
        }[this.props.tile.light];
    }

    /** The last periods as pieces of a line: it breaks where a value is missing or withheld. */
    get trend() {
        const { points } = this.props.tile;
        const values = points.map((point) => point.value).filter((value) => value !== null);
        if (values.length < 2) {
            return null;
        }
        const [low, high] = [Math.min(...values), Math.max(...values)];
        const step = (WIDTH - 2 * MARGIN) / (points.length - 1);
        const dots = points.map((point, number) => ({
            ...point,
            x: MARGIN + number * step,
            y: high === low ? HEIGHT / 2 : HEIGHT - MARGIN - ((point.value - low) / (high - low)) * (HEIGHT - 2 * MARGIN),
        }));
        const lines = [[]];
        for (const dot of dots) {
            if (dot.value === null) {
                lines.push([]);
            } else {
                lines.at(-1).push(`${dot.x.toFixed(1)},${dot.y.toFixed(1)}`);
            }
        }
        return {
            box: `0 0 ${WIDTH} ${HEIGHT}`,
            dots: dots.filter((dot) => dot.value !== null),
            lines: lines.filter((line) => line.length > 1).map((line) => line.join(" ")),
            text: points.map((point) => `${point.label}: ${point.text} (n = ${point.n})`).join("; "),
        };
    }
}
