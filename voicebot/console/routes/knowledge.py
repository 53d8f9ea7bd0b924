"""知识与话术: drafts to decide upon, texts to edit, versions to go back to."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from voicebot.console.doors import MAX_TEXT_BYTES, Doors, Form, form_of, visit_of
from voicebot.console.forms import number
from voicebot.console.house import House
from voicebot.console.pages import Pages
from voicebot.console.rights import Right
from voicebot.errors import EditConflictError, PackError, RecordsError
from voicebot.records.draft import Draft, DraftState
from voicebot.workshop.acceptance import accept
from voicebot.workshop.editing import PackEditor
from voicebot.workshop.proposal import PackFile

MOST_DRAFTS = 100


def add(doors: Doors, house: House, pages: Pages) -> None:
    """Add the routes."""
    _add_drafts(doors, house, pages)
    _add_texts(doors, house, pages)
    _add_versions(doors, house, pages)


def _add_drafts(doors: Doors, house: House, pages: Pages) -> None:
    async def shown(request: Request, why: str = "", told: str = "") -> Response:
        state = request.query_params.get("state", DraftState.PROPOSED.value)
        state = state if state in list(DraftState) else DraftState.PROPOSED.value
        drafts: tuple[Draft, ...] = ()
        try:
            drafts = await house.ask(_drafts, house, state)
        except PackError as error:
            why = why or str(error)
        values = {"drafts": drafts, "state": state, "why": why, "told": told, "tab": "drafts"}
        values["read_only"] = house.editor.read_only if house.editor else "no pack"
        page = pages.page(request, "drafts.html", **values)
        return HTMLResponse(page, 409 if why else 200)

    @doors.get("/knowledge", Right.DRAFTS)
    async def drafts(request: Request) -> Response:
        """The drafts of a state."""
        return await shown(request)

    @doors.post("/knowledge", Right.EDIT, most_bytes=MAX_TEXT_BYTES)
    async def decided(request: Request) -> Response:
        """Accept, edit or reject a draft."""
        given, name = form_of(request), visit_of(request).person.name
        try:
            told = await house.checks(_decide, house, given, name)
        except (PackError, RecordsError) as error:
            return await shown(request, why=str(error))
        return await shown(request, told=told)


def _drafts(house: House, state: str) -> tuple[Draft, ...]:
    """Those of the pack that is edited here: the store may hold other packs' too."""
    name = house.editor.pack_name() if house.editor else ""
    return house.records.drafts.list(state, pack=name, limit=MOST_DRAFTS)


def _decide(house: House, given: Form, by: str) -> str:
    """Accept, edit or reject a draft; what to tell of it. Raises PackError, RecordsError."""
    drafts, why = house.records.drafts, given.get("why", "")
    before = drafts.get(given.get("id", ""))
    _expect_ours(house, before)
    draft_id = before.id
    question, answer = given.get("question", ""), given.get("answer", "")
    action = given.get("action", "")
    if action == "reject":
        drafts.reject(draft_id, by, why)
        return "已退回；同样的问题不会再提出来。"
    if (question, answer) != (before.question, before.answer):
        drafts.edit(draft_id, by, question=question, answer=answer)
    if action != "accept":
        return "已保存修改。"
    done = accept(drafts, _editor(house), [draft_id], by, why)
    version = f"，发布为第 {done.version.number} 版" if done.version else ""
    return f"已采纳{version}。新的来电会用新版，进行中的通话不变。"


def _expect_ours(house: House, draft: Draft) -> None:
    if house.editor is not None and draft.pack != (name := house.editor.pack_name()):
        raise PackError(f"这条草稿属于知识包 {draft.pack}，不是这里的 {name}；请在那边处理。")


def _add_texts(doors: Doors, house: House, pages: Pages) -> None:
    @doors.get("/knowledge/texts", Right.DRAFTS)
    async def texts(request: Request, file: str = "") -> Response:
        """The pack's files, one of them open to be edited."""
        editor = _editor(house)
        files = await house.ask(editor.files)
        opened = PackFile("", "", "")
        if file:
            try:
                opened = await house.ask(editor.read, file)
            except PackError:
                raise HTTPException(404, "没有这个文件。") from None
        return _text_page(request, pages, editor, files, opened)

    @doors.post("/knowledge/texts", Right.EDIT, most_bytes=MAX_TEXT_BYTES)
    async def edited(request: Request) -> Response:
        """Check a changed file and, if that is asked for, publish it."""
        given, name = form_of(request), visit_of(request).person.name
        editor = _editor(house)
        files = await house.ask(editor.files)
        opened = PackFile(given.get("file", ""), given.get("text", ""), given.get("stamp", ""))
        try:
            proposed = await house.checks(editor.propose, opened.path, opened.text, opened.stamp)
            if given.get("action") != "publish" or not proposed.ok:
                return _text_page(request, pages, editor, files, opened, proposed=proposed)
            await doors.accounts.note(name, "text_published", why=opened.path)
            version = await house.checks(editor.publish, proposed, name, given.get("why", ""))
        except EditConflictError as error:
            why = f"别人先改了这个文件，请复制您的修改，重新打开后再改。（{error}）"
            return _text_page(request, pages, editor, files, opened, why=why)
        except PackError as error:
            return _text_page(request, pages, editor, files, opened, why=str(error))
        told = f"已发布为第 {version.number} 版。新的来电会用新版，进行中的通话不变。"
        live = await house.ask(editor.read, opened.path)
        return _text_page(request, pages, editor, files, live, told=told)


def _text_page(
    request: Request,
    pages: Pages,
    editor: PackEditor,
    files: tuple[str, ...],
    opened: PackFile,
    **more: object,
) -> Response:
    values = {"why": "", "told": "", "proposed": None, **more}
    page = pages.page(
        request,
        "texts.html",
        tab="texts",
        files=files,
        opened=opened,
        read_only=editor.read_only,
        **values,
    )
    return HTMLResponse(page, 409 if values["why"] else 200)


def _add_versions(doors: Doors, house: House, pages: Pages) -> None:
    @doors.get("/knowledge/versions", Right.DRAFTS)
    async def versions(request: Request, show: str = "", why: str = "") -> Response:
        """What was published, and the diff of one version."""
        editor, chosen = _editor(house), number(show)
        found = await house.ask(editor.versions)
        diff = None
        if chosen is not None and any(each.number == chosen for each in found):
            diff = await house.ask(editor.diff, chosen)
        values = {"versions": found, "chosen": chosen, "diff": diff, "tab": "versions"}
        read_only = editor.read_only
        return HTMLResponse(pages.page(request, "versions.html", read_only=read_only, **values))

    @doors.post("/knowledge/versions", Right.EDIT)
    async def rolled_back(request: Request) -> Response:
        """Publish the pack once more as it was in a version."""
        given, name = form_of(request), visit_of(request).person.name
        editor, wanted = _editor(house), number(given.get("version", ""))
        if wanted is None:
            raise HTTPException(400, "没有这个版本。")
        await doors.accounts.note(name, "rolled_back", why=f"to version {wanted}")
        try:
            await house.checks(editor.roll_back, wanted, name, given.get("why", ""))
        except PackError as error:
            raise HTTPException(409, f"没有回退：{error}") from None
        return RedirectResponse("/knowledge/versions", 303)


def _editor(house: House) -> PackEditor:
    if house.editor is None:
        raise HTTPException(404, "这里没有可以编辑的知识包。")
    return house.editor
