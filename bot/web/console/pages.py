"""The table of pages: what there is, and which roles may. What is not in it is refused; a new page is a file and a row here."""

from __future__ import annotations

from bot.app import App
from bot.web.console import (
    broadcasts,
    calls,
    clinic,
    entries,
    files,
    handover,
    helpdesk,
    hours,
    lists,
    login,
    oncall,
    policies,
    report,
    roll,
    setup,
    today,
    vacancies,
)
from bot.web.console.gate import Page
from bot.web.console.staff import Role

NOBODY: frozenset[Role] = frozenset()
ADMIN: frozenset[Role] = frozenset(("admin",))
TEACHERS: frozenset[Role] = frozenset(("admin", "teacher"))
ANSWERING: frozenset[Role] = TEACHERS | {"expert"}
STATISTICS: frozenset[Role] = TEACHERS | {"viewer"}
ALL: frozenset[Role] = ANSWERING | {"viewer"}

OPEN = (
    Page("GET", "/login", login.page, NOBODY),
    Page("POST", "/login", login.enter, NOBODY),
)
PAGES = (
    Page("GET", "/", today.page, ANSWERING, "今天"),
    Page("GET", "/cases", helpdesk.listed, ANSWERING, "求助"),
    Page("GET", "/cases/{number:int}", helpdesk.shown, ANSWERING),
    Page("POST", "/cases/{number:int}/answer", helpdesk.answer, ANSWERING),
    Page("POST", "/cases/{number:int}/give", helpdesk.give, TEACHERS),
    Page("POST", "/cases/{number:int}/back", helpdesk.hand_back, ANSWERING),
    Page("POST", "/cases/{number:int}/close", helpdesk.close, ANSWERING),
    Page("POST", "/cases/{number:int}/keep", helpdesk.keep, TEACHERS),
    Page("POST", "/cases/{number:int}/fraud", helpdesk.fraud, TEACHERS),
    Page("GET", "/people", roll.listed, TEACHERS, "学生"),
    Page("GET", "/people/list.xlsx", roll.export, TEACHERS),
    Page("GET", "/people/{number:int}", files.shown, TEACHERS),
    Page("POST", "/people/{number:int}/reply", files.reply, TEACHERS),
    Page("POST", "/people/{number:int}/back", files.hand_back, TEACHERS),
    Page("POST", "/people/{number:int}/services", files.serve, TEACHERS),
    Page("POST", "/people/{number:int}/calls", files.call, TEACHERS),
    Page("POST", "/people/{number:int}/contact", files.amend, TEACHERS),
    Page("POST", "/people/{number:int}/family", files.family, TEACHERS),
    Page("POST", "/people/{number:int}/steps", files.plan, TEACHERS),
    Page("POST", "/people/{number:int}/steps/{step:int}/done", files.done, ANSWERING),
    Page("POST", "/people/{number:int}/notes", files.note, TEACHERS),
    Page("POST", "/people/{number:int}/destination", files.settle, TEACHERS),
    Page("GET", "/calls", calls.listed, TEACHERS, "联系"),
    Page("GET", "/calls/list.xlsx", calls.export, TEACHERS),
    Page("GET", "/broadcasts", broadcasts.listed, TEACHERS, "群发"),
    Page("GET", "/broadcasts/new", broadcasts.blank, TEACHERS),
    Page("POST", "/broadcasts", broadcasts.write, TEACHERS),
    Page("GET", "/broadcasts/{number:int}", broadcasts.shown, TEACHERS),
    Page("POST", "/broadcasts/{number:int}/try", broadcasts.trial, TEACHERS),
    Page("GET", "/broadcasts/{number:int}/results.xlsx", broadcasts.export, TEACHERS),
    Page("POST", "/broadcasts/{number:int}/change", broadcasts.change, TEACHERS),
    Page("POST", "/broadcasts/{number:int}/{action}", broadcasts.act, TEACHERS),
    Page("GET", "/knowledge", policies.listed, TEACHERS, "知识库"),
    Page("GET", "/knowledge/new", entries.page, TEACHERS),
    Page("POST", "/knowledge/new", entries.begin, TEACHERS),
    Page("POST", "/knowledge/attach", policies.attach, TEACHERS),
    Page("POST", "/knowledge/leave", policies.leave, TEACHERS),
    Page("GET", "/knowledge/drafts/{number:int}", policies.draft, TEACHERS),
    Page("POST", "/knowledge/drafts/{number:int}/approve", policies.approve, TEACHERS),
    Page("POST", "/knowledge/drafts/{number:int}/discard", policies.discard, TEACHERS),
    Page("GET", "/knowledge/{key}", policies.entry, TEACHERS),
    Page("POST", "/knowledge/{key}", policies.change, TEACHERS),
    Page("POST", "/knowledge/{key}/restore", policies.restore, TEACHERS),
    Page("GET", "/postings", vacancies.listed, TEACHERS, "岗位"),
    Page("GET", "/postings/{number:int}", vacancies.one, TEACHERS),
    Page("POST", "/postings/{number:int}", vacancies.change, TEACHERS),
    Page("POST", "/postings/frauds/{number:int}", vacancies.clear, TEACHERS),
    Page("POST", "/postings/{number:int}/{action}", vacancies.decide, TEACHERS),
    Page("GET", "/lists", lists.page, TEACHERS, "导入"),
    Page("POST", "/lists", lists.receive, TEACHERS, file=True),
    Page("GET", "/lists/{token}", lists.shown, TEACHERS),
    Page("POST", "/lists/{token}", lists.confirm, TEACHERS),
    Page("POST", "/lists/{token}/take", lists.take, TEACHERS),
    Page("GET", "/lists/{token}/report.xlsx", lists.report, TEACHERS),
    Page("GET", "/clinic", clinic.listed, ANSWERING, "坐诊"),
    Page("GET", "/clinic/hours", hours.listed, ANSWERING),
    Page("POST", "/clinic/hours", hours.publish, ANSWERING),
    Page("POST", "/clinic/hours/{number:int}/withdraw", hours.withdraw, ANSWERING),
    Page("POST", "/clinic/bookings/{number:int}", hours.came, ANSWERING),
    Page("GET", "/clinic/{number:int}", clinic.shown, ANSWERING),
    Page("POST", "/clinic/{number:int}/take", clinic.take, ANSWERING),
    Page("POST", "/clinic/{number:int}/remark", clinic.remark, ANSWERING),
    Page("POST", "/clinic/{number:int}/answer", clinic.answer, ANSWERING),
    Page("POST", "/clinic/{number:int}/back", clinic.give_back, ANSWERING),
    Page("GET", "/cohort", report.cohort, STATISTICS, "数据"),
    Page("GET", "/cohort/report.xlsx", report.export, STATISTICS),
    Page("GET", "/handover", handover.page, ADMIN),
    Page("POST", "/handover", handover.export, ADMIN),
    Page("GET", "/cohort/silent.xlsx", report.export_silent, STATISTICS),
    Page("GET", "/audit", report.audited, ADMIN, "记录"),
    Page("GET", "/audit/list.xlsx", report.export_audit, ADMIN),
    Page("GET", "/accounts", login.accounts, ADMIN, "账号"),
    Page("POST", "/accounts", login.open_account, ADMIN),
    Page("POST", "/accounts/{number:int}/switch", login.switch, ADMIN),
    Page("GET", "/settings", setup.page, ADMIN, "设置"),
    Page("POST", "/settings/examine", setup.examine, ADMIN),
    Page("POST", "/settings/destinations", setup.replace, ADMIN),
    Page("GET", "/duty", oncall.page, ANSWERING, "值班"),
    Page("POST", "/duty", oncall.offer, ANSWERING),
    Page("POST", "/duty/leave", oncall.leave, ANSWERING),
    Page("GET", "/password", login.password, ALL, "密码"),
    Page("POST", "/password", login.change, ALL),
    Page("POST", "/logout", login.leave, ALL),
)


def open_pages(app: App) -> tuple[Page, ...]:
    """What needs no session: the login, and that of the school where it is set; half set it is not offered, and `doctor` says why."""
    if not app.settings.oidc.issuer or app.settings.lacking_for_oidc():
        return OPEN
    from bot.web.console.oidc import SchoolLogin

    school = SchoolLogin(app)
    return (*OPEN, Page("GET", "/oidc", school.start, NOBODY, app.settings.oidc.name), Page("GET", "/oidc/back", school.back, NOBODY))
