const VALUES = {
  number: (field) => (field.value === "" ? undefined : Number(field.value)),
  flag: (field) => field.checked,
  choice: (field) => (field.value === "" ? undefined : field.value === "true"),
  text: (field) => (field.value === "" ? undefined : field.value),
};
const MOST_BARS = 8;

function house(form) {
  const known = [...form.querySelectorAll("[data-kind]")].map((field) => [field.name, VALUES[field.dataset.kind](field)]);
  return Object.fromEntries(known.filter(([, value]) => value !== undefined));
}

function request(form) {
  const date = form.elements.valuation_date?.value;
  return JSON.stringify({houses: [house(form)], ...(date ? {valuation_date: date} : {})});
}

function made(kind, content, style = "") {
  const element = document.createElement(kind);
  element.append(...[content].flat());
  if (style) element.className = style;
  return element;
}

function whole(value) {
  return Math.round(value).toLocaleString("en").replaceAll(",", "\u202f").replace("-", "\u2212");
}

function signed(value) {
  return `${Math.round(value) > 0 ? "+" : ""}${whole(value)}`;
}

function range({price, lower, upper}) {
  const mark = made("i", []);
  mark.style.left = `${(100 * (price - lower)) / (upper - lower)}%`;
  return [made("div", mark, "range"), made("div", [made("span", whole(lower)), made("span", whole(upper))], "ends")];
}

function priced(form, {price, lower, upper, warnings}, version) {
  const shown = [made("p", [`${whole(price)} `, made("small", form.dataset.unit)], "price")];
  if (upper > lower) {
    shown.push(...range({price, lower, upper}), made("p", "Nine of ten such houses sell between these two prices.", "small"));
  }
  shown.push(...warnings.map((warning) => made("p", `Less certain: ${warning}.`, "warning")));
  const card = made("a", `version ${version}`);
  card.href = form.getAttribute("action").replace(":predict", ":card");
  return [...shown, made("p", ["By the model's ", card, ", whose card says how far to trust it."], "small")];
}

function written(form, features) {
  const name = features.map((feature) => feature.replaceAll("_", " ")).join(" / ");
  const values = features.map((feature) => form.elements[feature]);
  if (features.length > 1) {
    const chosen = features.filter((feature, at) => values[at].checked || values[at].value === "true");
    return [name, chosen.map((feature) => feature.replaceAll("_", " ")).join(", ") || "none"];
  }
  const field = values[0];
  if (field.type === "checkbox") return [name, field.checked ? "yes" : "no"];
  return [name, field.selectedOptions?.[0].textContent ?? (field.value || "unknown")];
}

function row(name, value, amount, largest) {
  const length = made("i", []);
  length.style.width = `${(50 * Math.abs(amount)) / largest}%`;
  const bar = made("span", length, amount < 0 ? "bar down" : "bar");
  const head = made("th", value === "" ? name : [name, made("b", value)]);
  head.scope = "row";
  return made("tr", [head, made("td", bar), made("td", signed(amount), "amount")]);
}

function total(name, value) {
  const head = made("th", name);
  head.scope = "row";
  head.colSpan = 2;
  return made("tr", [head, made("td", whole(value), "amount")], "total");
}

function explained(form, {price, base, contributions}) {
  const shown = contributions.slice(0, MOST_BARS).filter(({amount}) => Math.round(amount));
  const rest = contributions.slice(shown.length);
  const others = rest.reduce((sum, {amount}) => sum + amount, 0);
  const largest = Math.max(...shown.map(({amount}) => Math.abs(amount)), Math.abs(others), 1);
  const rows = shown.map(({features, amount}) => row(...written(form, features), amount, largest));
  if (Math.round(others)) rows.push(row(`${rest.length} others`, "", others, largest));
  const body = made("tbody", [total("Typical sales", base), ...rows, total("This house", price)]);
  return made("table", [made("caption", "Why this price"), body]);
}

function refused(form, {message, details = []}) {
  const faults = details.flatMap((detail) => detail.field_violations ?? []);
  for (const {field} of faults) {
    form.elements[field.split(".").pop()]?.setAttribute("aria-invalid", "true");
  }
  const told = faults.map(({field, description}) => `${field.split(".").pop().replaceAll("_", " ")}: ${description}`);
  return (told.length ? told : [message]).map((text) => made("p", text, "wrong"));
}

async function ask(address, body, headers = {}) {
  const options = {method: "POST", headers: {"content-type": "application/json", ...headers}, body};
  try {
    const response = await fetch(address, options);
    return [response.ok, await response.json()];
  } catch {
    return [false, {message: "The server does not answer. Try again in a moment."}];
  }
}

async function explain(form, body, version) {
  const [isAnswered, told] = await ask(form.action.replace(":predict", ":explain"), body, {"model-version": version});
  return isAnswered ? explained(form, told.explanations[0]) : made("p", told.message, "small");
}

async function price(form, answer) {
  form.querySelectorAll("[aria-invalid]").forEach((field) => field.removeAttribute("aria-invalid"));
  const body = request(form);
  const [isAnswered, told] = await ask(form.action, body);
  if (!isAnswered) {
    answer.replaceChildren(...refused(form, told));
    return;
  }
  const waiting = made("p", "Working out why ...", "small");
  answer.replaceChildren(...priced(form, told.predictions[0], told.model_version), waiting);
  answer.scrollIntoView({block: "nearest"});
  waiting.replaceWith(await explain(form, body, told.model_version));
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

const EXAMPLES = {
  curl: (form, body) => `curl ${form.action} \\\n  -d ${quoted(body)}`,
  python: (form, body) => [
    "import json",
    "from urllib.request import urlopen",
    "",
    `request = json.loads(${JSON.stringify(body)})`,
    `answer = urlopen(${JSON.stringify(form.action)}, json.dumps(request).encode())`,
    "print(json.load(answer))",
  ].join("\n"),
  grpcurl: (form, body) => {
    const {protocol, host, port, origin} = new URL(form.action);
    const proto = `${form.dataset.market}.proto`;
    const address = port ? host : `${host}:${protocol === "https:" ? 443 : 80}`;
    return [
      `curl -sO ${origin}/api/${proto}`,
      `grpcurl ${protocol === "https:" ? "" : "-plaintext "}-proto ${proto} -d ${quoted(body)} \\`,
      `  ${address} ${form.dataset.service}/Predict`,
    ].join("\n");
  },
};

async function serves(form) {
  try {
    const response = await fetch(`/v1/health?service=${form.dataset.service}`);
    return response.status !== 404;
  } catch {
    return true;
  }
}

function choose() {
  const sections = [...document.querySelectorAll("main > section")];
  const ready = ({dataset}) => dataset.waits === undefined;
  const chosen = sections.find(({id}) => `#${id}` === location.hash) ?? sections.find(ready) ?? sections[0];
  for (const section of sections) section.hidden = section !== chosen;
  for (const link of document.querySelectorAll("nav .market")) {
    if (link.hash === `#${chosen.id}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

for (const form of document.forms) {
  const section = form.closest("section");
  const button = form.querySelector("button");
  const write = () => {
    for (const shown of section.querySelectorAll("[data-example]")) {
      shown.textContent = EXAMPLES[shown.dataset.example](form, request(form));
    }
  };
  form.addEventListener("input", write);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.setAttribute("aria-busy", "true");
    await price(form, section.querySelector(".answer"));
    button.removeAttribute("aria-busy");
  });
  write();
  serves(form).then((isServed) => {
    if (isServed) return;
    section.dataset.waits = "";
    section.querySelector(".answer").replaceChildren(made("p", "This market has no model yet.", "wrong"));
    choose();
  });
}
if (document.forms.length) {
  addEventListener("hashchange", choose);
  choose();
}
