/* Yizhan: the keyboard, forms and clock of every page. Plain script for Chrome 80; no eval, no inline code.
 *
 * Pages work without it. What it adds hangs on data- attributes:
 *   [data-search]  `/` focuses it            [data-alt="3"]   Alt+3 opens it (held Alt shows the numbers)
 *   [data-form]    Enter = next field, Ctrl+Enter = save, asks before typed things are lost, one submit only;
 *                  "quick": Enter in the last field saves at once
 *   [data-save]    the button Ctrl+Enter presses          [data-back] [data-print]   what they say
 *   [data-rows]    arrow keys go from row to row          [data-clock]               the server's time, running
 *   [data-time]    0630 becomes 06:30                     [data-word]   enables the button once it is typed
 */
(function () {
  "use strict";
  var QUIET = "X-Yizhan-Quiet", dirty = null, sending = false, lastAlive = 0;

  function each(root, selector, act) {
    Array.prototype.forEach.call(root.querySelectorAll(selector), act);
  }
  function closest(node, selector) {
    return node && node.closest ? node.closest(selector) : null;
  }
  function typing(node) {
    return node && (/^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName) || node.isContentEditable);
  }
  function shown(node) {
    return !!(node.offsetWidth || node.offsetHeight || node.getClientRects().length);
  }

  /* ---- the next field ---- */
  function stops(form) {
    var seen = {}, list = [];
    each(form, "input, select, textarea, button[type=submit]", function (node) {
      if (node.type === "hidden" || node.disabled || node.readOnly || !shown(node)) { return; }
      if (node.tabIndex < 0 || closest(node, ".yz-clear") || (node.type === "checkbox" && closest(node, ".yz-many-list"))) { return; }
      if (node.type === "radio" || node.type === "checkbox") {
        if (seen[node.name]) { return; }
        seen[node.name] = true;
      }
      list.push(node);
    });
    return list;
  }
  function next(form, node) {
    var list = stops(form), at = -1, i;
    for (i = 0; i < list.length; i++) {
      if (list[i] === node || (node.name && list[i].name === node.name && /radio|checkbox/.test(node.type))) { at = i; }
    }
    for (i = at + 1; i < list.length; i++) {
      if (list[i].name !== node.name || !node.name) { return list[i]; }
    }
    return null;
  }
  function go(node) {
    if (!node) { return; }
    if (node.type === "radio") {
      var on = node.form && node.form.querySelector('input[name="' + node.name + '"]:checked');
      node = on || node;
    }
    node.focus();
    if (node.select && /^(text|search|tel|password)?$/.test(node.type)) { node.select(); }
  }
  function save(form) {
    var button = form.querySelector("[data-save]") || form.querySelector("button[type=submit]");
    if (button && !button.disabled) { button.click(); }
  }

  /* ---- keys ---- */
  document.addEventListener("keydown", function (event) {
    var node = event.target, form = closest(node, "[data-form]");
    if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) { return; }
    if (event.altKey && !event.ctrlKey && !event.metaKey && /^Digit[1-9]$/.test(event.code || "")) {
      var link = document.querySelector('[data-alt="' + event.code.slice(5) + '"]');
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    if (event.key === "Alt") { document.body.classList.add("yz-alt"); return; }
    if (event.key === "/" && !event.ctrlKey && !event.altKey && !typing(node)) {
      var search = document.querySelector("[data-search]");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
      return;
    }
    if (event.key === "Escape") { return escape(node); }
    if (event.key === "Enter" && form) { return enter(event, node, form); }
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && closest(node, "[data-rows]") && !typing(node)) {
      rows(event, node);
    }
  });
  function enter(event, node, form) {
    if (event.ctrlKey || event.metaKey) { event.preventDefault(); save(form); return; }
    if (event.shiftKey || event.altKey || !typing(node) || node.tagName === "TEXTAREA") { return; }
    var to = next(form, node);
    if (!to) { return; }
    event.preventDefault();
    if (to.type === "submit" && form.getAttribute("data-form") === "quick") { save(form); } else { go(to); }
  }
  function escape(node) {
    var open = closest(node, "details[open]");
    if (open) { open.open = false; open.querySelector("summary").focus(); return; }
    if (node.hasAttribute && node.hasAttribute("data-search")) { node.blur(); }
  }
  function rows(event, node) {
    var row = closest(node, "tr"), to = row;
    do { to = event.key === "ArrowDown" ? to.nextElementSibling : to.previousElementSibling; }
    while (to && !to.querySelector("a, button, input"));
    if (to) { event.preventDefault(); to.querySelector("a, button, input").focus(); }
  }
  function altUp() { document.body.classList.remove("yz-alt"); }
  document.addEventListener("keyup", function (event) { if (event.key === "Alt") { altUp(); } });
  window.addEventListener("blur", altUp);

  /* ---- forms ---- */
  document.addEventListener("input", changed);
  document.addEventListener("change", changed);
  function changed(event) {
    var node = event.target, form = closest(node, "[data-form]"), group;
    if (node.type === "radio" || node.type === "checkbox") {
      group = closest(node, ".yz-ticks, .yz-many");
      if (group) { each(group, "label", function (label) { label.classList.toggle("on", label.querySelector("input").checked); }); }
    }
    if (node.hasAttribute("data-word")) {
      node.form.querySelector("button[type=submit]").disabled = node.value !== node.getAttribute("data-word");
    }
    if (form && form.method === "post") { dirty = form; alive(); }
  }
  document.addEventListener("focusout", function (event) {
    var node = event.target, match;
    if (!node.hasAttribute || !node.hasAttribute("data-time")) { return; }
    match = /^(\d{1,2})[:：.]?(\d{2})$/.exec(node.value.trim());
    if (match) { node.value = (match[1].length < 2 ? "0" : "") + match[1] + ":" + match[2]; }
  });
  document.addEventListener("submit", function (event) {
    var form = event.target, button = form.querySelector("button[type=submit]");
    if (form.hasAttribute("data-sent")) { event.preventDefault(); return; }
    if (form.method !== "post" || form.hasAttribute("hx-post")) { return; }
    form.setAttribute("data-sent", "");
    sending = true;
    if (button) { button.setAttribute("aria-busy", "true"); }
    window.setTimeout(function () { again(form); }, 15000);
  });
  function again(form) {
    form.removeAttribute("data-sent");
    each(form, "[aria-busy]", function (button) { button.removeAttribute("aria-busy"); });
    sending = false;
  }
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) { each(document, "[data-sent]", again); }
  });
  window.addEventListener("beforeunload", function (event) {
    if (dirty && !sending && document.contains(dirty)) { event.preventDefault(); event.returnValue = ""; }
  });
  /* while a person types the session stays open, asked at most once a minute */
  function alive() {
    var address = document.body.getAttribute("data-alive"), now = Date.now(), request;
    if (!address || now - lastAlive < 60000) { return; }
    lastAlive = now;
    request = new XMLHttpRequest();
    request.open("GET", address);
    request.setRequestHeader("HX-Request", "true");
    request.onload = function () { ended(request); };
    request.send();
  }
  /* logged out meanwhile: go to the login page, or cover the page and offer to save what is typed */
  function ended(request) {
    var there = request.getResponseHeader("X-Yizhan-Login");
    if (!there) { return false; }
    if (!dirty || !document.contains(dirty)) { sending = true; window.location.href = there; return true; }
    if (!document.querySelector(".yz-cover")) { cover(there); }
    return true;
  }
  function cover(there) {
    var box = document.createElement("div");
    box.className = "yz-cover";
    box.setAttribute("role", "dialog");
    box.setAttribute("aria-modal", "true");
    box.innerHTML = '<div><h2>已自动退出登录</h2><p>填写的内容还在。重新登录后可以接着保存。</p>' +
      '<button class="yz-btn primary" type="button">重新登录并保存</button>' +
      '<a class="yz-btn">放弃，回到登录页</a></div>';
    box.querySelector("button").addEventListener("click", function () { dirty.submit(); sending = true; });
    box.querySelector("a").href = there;
    box.querySelector("a").addEventListener("click", function () { sending = true; });
    document.body.appendChild(box);
    box.querySelector("button").focus();
  }

  /* ---- htmx ---- */
  document.addEventListener("htmx:beforeSwap", function (event) {
    if (ended(event.detail.xhr)) { event.detail.shouldSwap = false; }
  });
  document.addEventListener("htmx:sendError", function (event) {
    var sync = document.getElementById("yz-sync");
    if (!sync || event.target !== sync) { return; }
    sync.innerHTML = '<span class="yz-sync wrong"><span>连不上本市场的服务，请检查网线或联系管理员</span></span>';
  });

  /* ---- buttons ---- */
  document.addEventListener("click", function (event) {
    var node = closest(event.target, "[data-back], [data-print]");
    if (node && node.hasAttribute("data-back")) { window.history.back(); }
    if (node && node.hasAttribute("data-print")) { window.print(); }
    each(document, ".yz-menu[open]", function (menu) { if (!menu.contains(event.target)) { menu.open = false; } });
  });

  /* ---- clock: the server's, not this PC's ---- */
  var ahead = Number(document.body.getAttribute("data-now")) - Date.now();
  function two(number) { return (number < 10 ? "0" : "") + number; }
  function tick() {
    var at = new Date(Date.now() + ahead + 8 * 3600000);
    var day = (at.getUTCMonth() + 1) + "月" + at.getUTCDate() + "日 周" + "日一二三四五六".charAt(at.getUTCDay()) + " ";
    each(document, "[data-clock]", function (node) {
      node.innerHTML = '<span class="yz-clock-day">' + day + "</span>" + two(at.getUTCHours()) + ":" + two(at.getUTCMinutes());
    });
    window.setTimeout(tick, 60000 - (at.getTime() % 60000) + 50);
  }

  /* ---- where to begin ---- */
  function begin() {
    var main = document.getElementById("main"), wrong, first;
    tick();
    each(document, "[data-word]", function (node) { node.form.querySelector("button[type=submit]").disabled = true; });
    if (!main || (document.activeElement && document.activeElement !== document.body)) { return; }
    wrong = main.querySelector('[data-form] [aria-invalid="true"], [data-form] .bad input, [data-form] .bad select');
    first = wrong || main.querySelector("[data-form] .yz-changed .yz-input") || main.querySelector('[data-form] [name^="_reason."]') || main.querySelector("[data-form] [autofocus]");
    if (!first && main.querySelector("[data-form]")) { first = stops(main.querySelector("[data-form]"))[0]; }
    if (first && first.tagName !== "BUTTON") { go(first); window.scrollTo(0, wrong ? window.pageYOffset : 0); }
  }
  begin();
}());
