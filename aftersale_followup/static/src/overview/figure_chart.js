import { Component, onWillStart, onWillUnmount, useEffect, useRef } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { cookie } from "@web/core/browser/cookie";
import { getBorderWhite, getColor, getCustomColor } from "@web/core/colors/colors";

const ROW = 34; // pixels a row of bars takes

/** Horizontal bars drawn by Odoo's chart library. What they say stands beside them as text, too. */
export class FigureChart extends Component {
    static template = "aftersale_followup.FigureChart";
    static props = {
        title: String,
        labels: Array,
        series: Array, // of {label, values, texts}
        max: { type: Number, optional: true },
        onOpen: { type: Function, optional: true },
    };

    setup() {
        this.canvas = useRef("canvas");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => this.draw(),
            () => [this.props.labels, this.props.series]
        );
        onWillUnmount(() => this.chart?.destroy());
    }

    get height() {
        const { labels, series } = this.props;
        return labels.length * Math.max(ROW, series.length * 18) + 40 + (series.length > 1 ? 30 : 0);
    }

    draw() {
        this.chart?.destroy();
        const scheme = cookie.get("color_scheme");
        const { labels, max, onOpen, series } = this.props;
        const color = getCustomColor(scheme, "#374151", "#E4E4E4");
        const grid = { color: getCustomColor(scheme, "rgba(0,0,0,.1)", "rgba(255,255,255,.15)") };
        this.chart = new Chart(this.canvas.el, {
            type: "bar",
            data: {
                labels,
                datasets: series.map(({ label, values }, number) => ({
                    label,
                    data: values,
                    backgroundColor: getColor(number, scheme, "sm"),
                    borderColor: getBorderWhite(scheme),
                    maxBarThickness: 24,
                })),
            },
            options: {
                indexAxis: "y",
                maintainAspectRatio: false,
                animation: false,
                scales: {
                    x: { beginAtZero: true, suggestedMax: max, grid, ticks: { color, precision: 0 } },
                    y: { grid: { display: false }, ticks: { color } },
                },
                plugins: {
                    legend: { display: series.length > 1, labels: { color } },
                    tooltip: {
                        callbacks: {
                            label: ({ dataIndex, datasetIndex }) => {
                                const { label, texts } = series[datasetIndex];
                                return `${label}: ${texts[dataIndex]}`;
                            },
                        },
                    },
                },
                onHover: (ev, hit) => (ev.native.target.style.cursor = hit.length && onOpen ? "pointer" : ""),
                onClick: (_ev, hit) => hit.length && onOpen?.(hit[0].index),
            },
        });
    }
}
