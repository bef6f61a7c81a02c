{
    "name": "After-Sales Follow-up: Opportunities",
    "summary": "Customers who plan a purchase become opportunities, and reports tell what came of them",
    "version": "19.0.1.0.0",
    "category": "Sales/Sales",
    "author": "aftersale_followup developers",
    "website": "https://github.com/aftersale-followup/aftersale_followup",
    "license": "LGPL-3",
    "depends": ["aftersale_followup", "sale_crm"],
    "auto_install": True,
    "data": [
        "data/utm_source_data.xml",
        "report/aftersale_analysis_templates.xml",
        "views/crm_lead_views.xml",
        "views/aftersale_feedback_views.xml",
    ],
    "demo": [
        "demo/crm_lead_demo.xml",
    ],
    "uninstall_hook": "uninstall_hook",
}
