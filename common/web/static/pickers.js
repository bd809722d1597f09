/* Yizhan: two controls that a plain form also works without.
 *   [data-many]  many check boxes: a filter above them, chosen ones as chips; Enter ticks the best match
 *   [data-ref]   an id field: type a name or number, pick a record. GET <address>?q=… answers
 *                {"items": [{"id", "label", "note"}]}; the hidden field keeps the name and carries the id
 *   select[data-find]  a long list: the same picking, without asking anybody
 *   [data-date]  a day: 20261201, 2026.12.1 and 12.1 become 2026-12-01, the weekday stands beside it, arrow
 *                keys go a day on or back, and the browser's own calendar opens at the right
 */
(function () {
  "use strict";
  var number = 0;

  function each(root, selector, act) {
    Array.prototype.forEach.call(root.querySelectorAll(selector), act);
  }
  function tell(node) {
    node.dispatchEvent(new Event("change", { bubbles: true }));
  }
  function plain(text) {
    return text.toLowerCase().replace(/\s+/g, "");
  }
  /* all that a choice can be found by: its words, its code, and what the page adds */
  function known(value, node) {
    return plain(node.textContent + " " + value + " " + (node.getAttribute("data-find") || ""));
  }
  function make(tag, about, text) {
    var node = document.createElement(tag), name;
    for (name in about) { if (about.hasOwnProperty(name)) { node.setAttribute(name, about[name]); } }
    if (text) { node.textContent = text; }
    return node;
  }

  /* ---- many choices ---- */
  function many(box) {
    var list = box.querySelector(".yz-many-list"), labels = list.querySelectorAll("label");
    var chips = make("div", { "class": "yz-chips" });
    var legend = box.parentNode.querySelector("legend");
    var filter = make("input", {
      "class": "yz-many-filter", type: "text", autocomplete: "off", spellcheck: "false",
      placeholder: "输入名称或代码筛选，回车选中", "aria-label": (legend ? legend.firstChild.textContent : "") + "：筛选"
    });
    filter.id = box.id;
    box.removeAttribute("id");
    box.insertBefore(filter, list);
    box.insertBefore(chips, filter);
    function best() {
      return Array.prototype.filter.call(labels, function (label) { return !label.hidden; })[0];
    }
    function draw() {
      chips.textContent = "";
      Array.prototype.forEach.call(labels, function (label) {
        var tick = label.querySelector("input"), chip;
        if (!tick.checked) { return; }
        chip = make("button", { type: "button", "class": "yz-chip", title: "去掉" }, label.textContent + " ×");
        chip.addEventListener("click", function () { tick.checked = false; tell(tick); filter.focus(); });
        chips.appendChild(chip);
      });
    }
    filter.addEventListener("input", function (event) {
      var words = plain(filter.value);
      event.stopPropagation();
      Array.prototype.forEach.call(labels, function (label) {
        label.hidden = known(label.querySelector("input").value, label).indexOf(words) < 0;
        label.classList.remove("best");
      });
      if (words && best()) { best().classList.add("best"); }
    });
    filter.addEventListener("keydown", function (event) {
      var first = best(), tick;
      if (event.key !== "Enter" || event.isComposing || event.keyCode === 229 || event.ctrlKey || !filter.value) { return; }
      event.preventDefault();
      if (!first) { return; }
      tick = first.querySelector("input");
      tick.checked = !tick.checked;
      filter.value = "";
      filter.dispatchEvent(new Event("input"));
      tell(tick);
    });
    list.addEventListener("change", draw);
    draw();
  }

  /* ---- picking one out of a list ---- */
  function combo(box, input, find, chosen) {
    var list = make("ul", { "class": "yz-ref-list", role: "listbox", id: "yz-list-" + (++number) }), items = [], at = -1;
    list.hidden = true;
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", list.id);
    box.appendChild(list);
    function close() {
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }
    function mark(to) {
      at = to;
      each(list, "li", function (node, place) {
        node.setAttribute("aria-selected", place === at ? "true" : "false");
        if (place === at) { input.setAttribute("aria-activedescendant", node.id); node.scrollIntoView({ block: "nearest" }); }
      });
    }
    function pick(place) {
      if (!items[place]) { return; }
      close();
      chosen(items[place]);
    }
    function show(found, words) {
      items = found;
      list.textContent = "";
      found.forEach(function (item, place) {
        var node = make("li", { role: "option", id: list.id + "-" + place }, item.label);
        if (item.note) { node.appendChild(make("small", {}, item.note)); }
        node.addEventListener("mousedown", function (event) { event.preventDefault(); pick(place); });
        list.appendChild(node);
      });
      if (!found.length) { list.appendChild(make("li", { role: "option", "aria-disabled": "true" }, "没有找到“" + words + "”")); }
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      mark(found.length ? 0 : -1);
    }
    input.addEventListener("input", function () { find(input.value.trim(), show, close); });
    input.addEventListener("keydown", function (event) {
      if (event.isComposing || event.keyCode === 229) { return; }
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) { find(input.value.trim(), show, close, true); return; }
        if (items.length) { mark((at + (event.key === "ArrowDown" ? 1 : items.length - 1)) % items.length); }
      } else if (event.key === "Enter" && !list.hidden && !event.ctrlKey) {
        if (!input.form || !input.form.hasAttribute("data-form")) { event.preventDefault(); }
        pick(at); /* in a form of ours the same Enter goes on to the next field */
      } else if (event.key === "Escape" && !list.hidden) {
        event.preventDefault();
        close();
      }
    });
    input.addEventListener("blur", close);
  }

  function reference(box) {
    var hidden = box.querySelector("input"), address = box.getAttribute("data-ref"), wait = 0;
    var input = hidden.cloneNode(false), last = box.getAttribute("data-label") || "";
    input.removeAttribute("name");
    input.value = last || hidden.value;
    input.placeholder = "姓名、首字母、尾号或编号";
    hidden.type = "hidden";
    hidden.removeAttribute("id");
    box.insertBefore(input, hidden);
    function ask(words, show, close) {
      var request = new XMLHttpRequest();
      window.clearTimeout(wait);
      if (!words) { close(); return; }
      wait = window.setTimeout(function () {
        request.open("GET", address + (address.indexOf("?") < 0 ? "?" : "&") + "q=" + encodeURIComponent(words));
        request.setRequestHeader("Accept", "application/json");
        request.onload = function () {
          if (request.status === 200 && input.value.trim() === words) { show(JSON.parse(request.responseText).items, words); }
        };
        request.send();
      }, 150);
    }
    combo(box, input, ask, function (item) {
      hidden.value = item.id;
      last = input.value = item.label;
      box.classList.add("chosen");
      tell(hidden);
    });
    input.addEventListener("input", function () {
      if (input.value !== last && hidden.value) { hidden.value = ""; last = ""; box.classList.remove("chosen"); tell(hidden); }
    });
  }

  function longSelect(select) {
    var box = make("div", { "class": "yz-ref" }), input = make("input", { "class": "yz-input", autocomplete: "off", spellcheck: "false" });
    var options = Array.prototype.filter.call(select.options, function (option) { return option.value; });
    ["aria-describedby", "aria-invalid", "aria-required"].forEach(function (name) {
      if (select.hasAttribute(name)) { input.setAttribute(name, select.getAttribute(name)); }
    });
    input.id = select.id;
    input.autofocus = select.autofocus;
    input.placeholder = "输入名称或代码";
    input.value = select.value ? select.options[select.selectedIndex].text : "";
    select.removeAttribute("id");
    select.hidden = true;
    select.parentNode.insertBefore(box, select);
    box.appendChild(input);
    box.appendChild(select);
    function find(words, show, close, all) {
      var wanted = all ? "" : plain(words);
      if (!wanted && !all) { select.value = ""; tell(select); close(); return; }
      show(options.filter(function (option) {
        return known(option.value, option).indexOf(wanted) >= 0;
      }).slice(0, 40).map(function (option) { return { id: option.value, label: option.text }; }), words);
    }
    combo(box, input, find, function (item) { select.value = item.id; input.value = item.label; tell(select); });
    input.addEventListener("blur", function () {
      input.value = select.value ? select.options[select.selectedIndex].text : "";
    });
  }

  /* ---- days ---- */
  function two(value) { return (value < 10 ? "0" : "") + value; }
  function iso(date) {
    return date.getUTCFullYear() + "-" + two(date.getUTCMonth() + 1) + "-" + two(date.getUTCDate());
  }
  function read(text) {
    var now = new Date(Number(document.body.getAttribute("data-now")) + 8 * 3600000), date;
    var parts = /^(\d{4})(\d{2})(\d{2})$/.exec(text) || /^(?:(\d{4})[-./年])?(\d{1,2})[-./月](\d{1,2})日?$/.exec(text);
    if (!parts) { return null; }
    date = new Date(Date.UTC(Number(parts[1] || now.getUTCFullYear()), parts[2] - 1, Number(parts[3])));
    return date.getUTCMonth() === parts[2] - 1 && date.getUTCFullYear() > 1800 ? date : null;
  }
  function day(box) {
    var input = box.querySelector("input"), weekday = make("span", { "class": "yz-weekday" });
    var calendar = make("input", { "class": "yz-pick", type: "date", tabindex: "-1", "aria-hidden": "true" });
    box.appendChild(weekday);
    box.appendChild(calendar);
    function draw(tidy) {
      var date = read(input.value.trim());
      if (date && tidy) { input.value = iso(date); }
      weekday.textContent = date ? "周" + "日一二三四五六".charAt(date.getUTCDay()) : "";
      calendar.value = date ? iso(date) : "";
    }
    input.addEventListener("input", function () { draw(false); });
    input.addEventListener("blur", function () { draw(true); });
    input.addEventListener("keydown", function (event) {
      var date = read(input.value.trim());
      if ((event.key !== "ArrowUp" && event.key !== "ArrowDown") || !date) { return; }
      event.preventDefault();
      date.setUTCDate(date.getUTCDate() + (event.key === "ArrowUp" ? 1 : -1));
      input.value = iso(date);
      draw(false);
      tell(input);
    });
    calendar.addEventListener("change", function (event) {
      event.stopPropagation();
      if (calendar.value) { input.value = calendar.value; draw(false); tell(input); input.focus(); }
    });
    draw(false);
  }

  each(document, "[data-date]", day);
  each(document, "[data-many]", many);
  each(document, "[data-ref]", reference);
  each(document, "select[data-find]", longSelect);
}());
