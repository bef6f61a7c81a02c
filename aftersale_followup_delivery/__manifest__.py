{
    "name": "After-Sales Follow-up: Carriers",
    "summary": "Follow-ups count from the day on which the carrier hands the goods over",
    "version": "19.0.1.0.0",
    "category": "Sales/Sales",
    "author": "aftersale_followup developers",
    "website": "https://github.com/aftersale-followup/aftersale_followup",
    "license": "LGPL-3",
    "depends": ["aftersale_followup", "stock_delivery"],
    "auto_install": True,
    "data": [
        "views/delivery_carrier_views.xml",
    ],
}
