// Draws what the reader chose of `recorded`, which history/page.py wrote. A series is [machine, key, method, colour]; a run is
// [id, started_utc, commit] and its column its place among the runs of its machine.

const byId = (name) => document.getElementById(name);
const GL_POINTS = 20000;  // above, the browser's GPU draws: SVG is sharper, but slow
const MOST_STEPS = 300;   // rows of the table
// of lines of one method, which have one colour
const STYLES = [["solid", "circle"], ["dash", "square"], ["dot", "diamond"], ["dashdot", "cross"], ["longdash", "star"], ["longdashdot", "hexagon"]];

// --- the numbers -----------------------------------------------------------------------------------------------------

const {machines, series, metrics} = recorded;
const runsOf = (number) => machines[series[number][0]].runs;
const starts = [];  // of each series in the packed numbers
series.reduce((start, _, number) => { starts.push(start); return start + runsOf(number).length; }, 0);
const failures = new Map();
for (const [number, column, words] of recorded.failures) failures.set(number + " " + column, words);

function unpacked(text) {
  return text === null ? null : new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
}

function chosenMetric() {
  const metric = metrics[byId("metric").value];
  if (!metric.numbers) {
    metric.numbers = {value: unpacked(metric.value), low: unpacked(metric.low), high: unpacked(metric.high)};
    metric.breaksAt = new Set([...recorded.breaks, ...metric.breaks].map(([number, column]) => number + " " + column));  // from the run before
    metric.levelsOf = grouped(metric.levels, (level) => level[0]);
    metric.stepsOf = grouped(metric.steps, (step) => step.series);
  }
  return metric;
}

function grouped(list, key) {
  const groups = new Map();
  for (const of of list) groups.has(key(of)) ? groups.get(key(of)).push(of) : groups.set(key(of), [of]);
  return groups;
}

const at = (metric, name, number, column) => metric.numbers[name] === null ? NaN : metric.numbers[name][starts[number] + column];

function known(metric, number) {  // columns with a number
  return runsOf(number).map((_, column) => column).filter((column) => !Number.isNaN(at(metric, "value", number, column)));
}

// --- words -----------------------------------------------------------------------------------------------------------

const plotlyText = (words) => words.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/%\{/g, "&#37;{");
const shown = (number) => String(Number(number.toPrecision(4)));
const signed = (share) => (share > 0 ? "+" : share < 0 ? "−" : "") + Number(Math.abs(100 * share).toPrecision(3)) + " %";
const withUnit = (metric, number) => shown(number) + (metric.unit ? " " + metric.unit : "");
const startWords = ([, utc]) => utc.slice(0, 16).replace("T", " ");
const commitWords = ([id, , commit]) => `${commit} (run ${id})`;
const runWords = (run) => `${commitWords(run)}, ${startWords(run)}`;
const several = (count, name) => `${count} ${name}${count === 1 ? "" : "s"}`;
const severalMachines = machines.length > 1;

function intervalWords(metric, number, column) {
  const low = at(metric, "low", number, column);
  return Number.isNaN(low) ? "" : ` [${shown(low)}, ${shown(at(metric, "high", number, column))}]`;
}

function stepWords(metric, step) {
  return `${kindWords(step)}: ${signed(step.new / step.old - 1)}, from ${withUnit(metric, step.old)} to ${withUnit(metric, step.new)}`;
}

const kindWords = (step) => (recorded.step_words[step.kind] || step.kind) + (step.note ? ` (${step.note})` : "");

// --- which series ----------------------------------------------------------------------------------------------------

const pinned = new Set();
const ticked = (name) => byId(name) && [...byId(name).querySelectorAll("input")].filter((box) => box.checked).map((box) => box.value);
const chosenMachines = () => ticked("machines") || ["0"];

function matcher(text) {
  const plain = (key) => key.toLowerCase().includes(text.toLowerCase());
  try {
    const expression = new RegExp(text, "i");
    return (key) => expression.test(key) || plain(key);
  } catch {
    return plain;
  }
}

function matching(metric) {  // numbers of series: newest step first, then in the order of the suite
  const onMachines = new Set(chosenMachines()), methods = ticked("methods"), matches = matcher(byId("filter").value);
  const found = series.map((_, number) => number).filter((number) => {
    const [machine, key, method] = series[number];
    return onMachines.has(String(machine)) && (!methods || methods.includes(method)) && matches(key);
  });
  const newest = (number) => {
    const step = (metric.stepsOf.get(number) || []).filter(({kind}) => kind !== "shared").at(-1);  // which would bring all of them to the top
    return step ? runsOf(number)[step.begins][1] : "";
  };
  return found.sort((a, b) => newest(b).localeCompare(newest(a)) || a - b);
}

function drawn(found) {
  const wanted = found.filter((number) => pinned.has(number));
  return (wanted.length ? wanted : found).slice(0, Number(byId("most").value));
}

// --- the plot --------------------------------------------------------------------------------------------------------

function places() {  // all runs of the chosen machines in the order of their start; where each [machine, column] stands
  const runs = chosenMachines().flatMap((machine) => machines[machine].runs.map((run, column) => ({run, key: machine + " " + column})));
  runs.sort((a, b) => a.run[1].localeCompare(b.run[1]) || a.run[0] - b.run[0]);
  return {runs, of: new Map(runs.map(({key}, place) => [key, place]))};
}

function tracesOf(metric, number, [dash, symbol], all, kind) {
  const [machine, key] = series[number], runs = runsOf(number), columns = known(metric, number), levels = metric.levelsOf.get(number) || [];
  const place = (column) => all.of.get(machine + " " + column);
  const across = byId("across").value === "time" ? (column) => runs[column][1] : place;
  const scale = byId("up").value === "relative" ? 100 / Math.abs(firstLevel(metric, number)) : 1;
  const drawing = {metric, number, colour: series[number][3], dash, symbol, kind, runs, columns, levels, place, across, scale, machine: machines[machine].label, name: `<b>${plotlyText(key)}</b><br>`};
  const common = {legendgroup: String(number), showlegend: false, connectgaps: false};
  return [levelTrace(drawing), {...lineTrace(drawing), name: plotlyText(key), showlegend: true}, stepTrace(drawing), failureTrace(drawing)]
    .filter((trace) => trace.x.length).map((trace) => ({...common, ...trace}));
}

function firstLevel(metric, number) {
  const levels = metric.levelsOf.get(number), values = known(metric, number).map((column) => at(metric, "value", number, column));
  if (levels) return levels[0][3];
  if (values.length < recorded.fewest) return values[0];
  const sorted = values.sort((a, b) => a - b), middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
}

function lineTrace({metric, number, colour, dash, symbol, kind, runs, columns, place, across, scale, machine, name}) {
  const x = [], y = [], hovertext = [], array = [], arrayminus = [], many = runs.length > 60;
  const push = (...of) => [x, y, hovertext, array, arrayminus].forEach((list, i) => list.push(of[i]));
  columns.forEach((column, i) => {
    const before = columns[i - 1], value = at(metric, "value", number, column);
    const follows = column === before + 1 && place(column) === place(before) + 1 && !metric.breaksAt.has(number + " " + column);
    if (i > 0 && !follows) push(across(column), null, "", null, null);
    const words = `${metric.title}: ${withUnit(metric, value)}${intervalWords(metric, number, column)}`;
    const bar = (end, sign) => Number.isNaN(at(metric, end, number, column)) ? null : Math.max(0, sign * (at(metric, end, number, column) - value) * scale);
    const apart = metric.breaksAt.has(number + " " + column) ? ["another cell or quality of other samples: not comparable with the run before"] : [];
    const begun = (metric.stepsOf.get(number) || []).filter((step) => step.begins === column).map((step) => stepWords(metric, step));  // its triangle may lie below
    push(across(column), value * scale, name + [words, runWords(runs[column]), ...(severalMachines ? [machine] : []), ...apart, ...begun].map(plotlyText).join("<br>"),
         bar("high", 1), bar("low", -1));  // null draws nothing, where 0 would draw a bar
  });
  return {
    type: kind, mode: "lines+markers", x, y, hovertext, hoverinfo: "text", line: {color: colour, width: 1.4, dash}, marker: {color: colour, symbol, size: many ? 5 : 8},
    error_y: {type: "data", symmetric: false, array, arrayminus, visible: metric.numbers.low !== null, color: colour, thickness: many ? 0.6 : 1.2, width: many ? 0 : 3},
  };
}

function levelTrace({colour, kind, levels, across, scale}) {
  return {
    type: kind, mode: "lines", hoverinfo: "skip", line: {color: colour, width: 7}, opacity: 0.28,
    x: levels.flatMap(([, first, last]) => [across(first), across(last), across(last)]), y: levels.flatMap(([,,, value]) => [value * scale, value * scale, null]),
  };
}

function stepTrace({metric, number, kind, runs, across, scale, name}) {
  const steps = metric.stepsOf.get(number) || [];
  return {
    type: kind, mode: "markers", hoverinfo: "text", x: steps.map((step) => across(step.begins)), y: steps.map((step) => step.new * scale),
    hovertext: steps.map((step) => name + [stepWords(metric, step), "begins at " + runWords(runs[step.begins])].map(plotlyText).join("<br>")),
    marker: {size: 14, symbol: steps.map((step) => step.new > step.old ? "triangle-up" : "triangle-down"), color: steps.map((step) => recorded.step_colours[step.kind]),
             line: {color: "white", width: 1.5}},
  };
}

function failureTrace({number, colour, runs, across, name}) {  // along the bottom
  const failed = runs.map((_, column) => column).filter((column) => failures.has(number + " " + column));
  return {
    type: "scatter", mode: "markers", hoverinfo: "text", yaxis: "y2", x: failed.map(across), y: failed.map(() => 0.02),
    hovertext: failed.map((column) => name + [failures.get(number + " " + column), runWords(runs[column])].map(plotlyText).join("<br>")),
    marker: {symbol: "x", size: 7, color: colour},
  };
}

function layoutOf(metric, all, lines) {
  const layout = structuredClone(recorded.layout), isRelative = byId("up").value === "relative";
  const better = metric.better === "none" ? "" : ` (${metric.better} is better)`;
  layout.yaxis = {...layout.yaxis, title: {text: plotlyText(metric.title) + (isRelative ? ", % of the first level" : metric.unit ? ", " + plotlyText(metric.unit) : "") + better}};
  layout.yaxis2 = {overlaying: "y", range: [0, 1], visible: false, fixedrange: true};
  layout.hovermode = "closest";
  layout.showlegend = lines <= 12;
  layout.margin = {...layout.margin, r: 44};  // half of the last commit's name
  layout.legend = {...layout.legend, font: {size: 11}};
  if (byId("across").value === "time") {
    layout.xaxis = {...layout.xaxis, type: "date", title: {text: "start of the run, UTC"}};
  } else {
    const each = Math.max(1, Math.ceil(all.runs.length / 14));
    const marked = all.runs.map((_, place) => place).filter((place) => (all.runs.length - 1 - place) % each === 0);
    layout.xaxis = {...layout.xaxis, title: {text: "commit, in the order of the runs"}, range: [-0.6, all.runs.length - 0.4],
                    tickvals: marked, ticktext: marked.map((place) => plotlyText(all.runs[place].run[2])), tickangle: 0, tickfont: {size: 11}};
  }
  return layout;
}

// --- the tables ------------------------------------------------------------------------------------------------------

function fill(name, titles, rows, isDrawn) {  // a row: {number, cells: [text or [text, class]]}
  const head = document.createElement("tr");
  for (const [text, className] of titles) head.appendChild(Object.assign(document.createElement("th"), {textContent: text, className: className || ""}));
  byId(name).tHead.replaceChildren(head);
  byId(name).tBodies[0].replaceChildren(...rows.map(({number, cells}) => {
    const row = document.createElement("tr");
    row.className = "row" + (isDrawn.has(number) ? " drawn" : "");
    for (const cell of cells) {
      const [text, className] = [cell].flat();
      row.appendChild(Object.assign(document.createElement("td"), {textContent: text, className: className || ""}));
    }
    const dot = Object.assign(document.createElement("span"), {className: "dot"});
    dot.style.background = isDrawn.get(number) || "";
    row.querySelector(".key").prepend(dot);
    row.addEventListener("click", () => { pinned.delete(number) || pinned.add(number); show(); });
    return row;
  }));
}

const machineCells = (number) => severalMachines ? [[machines[series[number][0]].label, "machine"]] : [];
const machineTitles = severalMachines ? [["machine"]] : [];

function showSteps(metric, found, colours) {
  const wanted = new Set(found);
  const steps = metric.steps.filter((step) => wanted.has(step.series));
  const begun = (step) => runsOf(step.series)[step.begins];
  steps.sort((a, b) => begun(b)[1].localeCompare(begun(a)[1]) || a.series - b.series);
  const rows = steps.slice(0, MOST_STEPS).map((step) => ({number: step.series, cells: [
    startWords(begun(step)), `${commitWords(runsOf(step.series)[step.after])} … ${commitWords(begun(step))}`, [series[step.series][1], "key"], ...machineCells(step.series),
    [signed(step.new / step.old - 1), "number " + step.kind], [`${shown(step.old)} → ${withUnit(metric, step.new)}`, "number"], kindWords(step)]}));
  fill("steps", [["begins, UTC"], ["between"], ["cell"], ...machineTitles, ["change", "number"], ["level", "number"], ["what"]], rows, colours);
  byId("steps").hidden = rows.length === 0;
  const left = steps.length - rows.length;
  byId("no-steps").textContent = [
    ...(steps.length ? [] : [`No step in ${metric.title} among the series that match.`]), ...(left ? [`${left} older steps are left out.`] : []),
    ...(metric.unsought ? [`${metric.unsought} series have values of 0 or below, in which no steps are sought.`] : [])].join(" ");
  return steps;
}

function showSeries(metric, found, colours) {
  const rows = found.map((number) => {
    const columns = known(metric, number), runs = runsOf(number), levels = metric.levelsOf.get(number), last = columns.at(-1);
    const steps = metric.stepsOf.get(number) || [], failed = runs.filter((_, column) => failures.has(number + " " + column)).length;
    return {number, cells: [
      [series[number][1], "key"], ...machineCells(number), [`${columns.length} of ${runs.length}` + (failed ? `, ${failed} failed` : ""), "number"],
      [columns.length ? withUnit(metric, at(metric, "value", number, last)) + intervalWords(metric, number, last) + (last < runs.length - 1 ? `, run ${runs[last][0]}` : "") : "–", "number"],
      [levels ? signed(levels.at(-1)[3] / levels[0][3] - 1) : "", "number"], [steps.length || "", "number"],
      steps.length ? runWords(runs[steps.at(-1).begins]) : ""]};
  });
  fill("series", [["cell"], ...machineTitles, ["runs", "number"], ["latest", "number"], ["since the first level", "number"], ["steps", "number"], ["last step begins at"]], rows, colours);
}

function stylesOf(lines) {  // dash and marker: the first of each method is a plain line
  const counts = new Map();
  return new Map(lines.map((number) => {
    const [, , , colour] = series[number], count = counts.get(colour) || 0;
    counts.set(colour, count + 1);
    return [number, STYLES[count % STYLES.length]];
  }));
}

function foundWords(metric, found, steps) {
  if (!found.length) return "no series matches.";
  if (!steps.length) {
    const isTooShort = found.every((number) => known(metric, number).length < recorded.fewest);
    return isTooShort ? `too few runs to call a step, which takes ${recorded.fewest}.` : `no step in ${found.length} series.`;
  }
  const count = (kind) => steps.filter((step) => step.kind === kind).length;
  const newest = runsOf(steps[0].series)[steps[0].begins], together = steps.filter((step) => runsOf(step.series)[step.begins] === newest).length;
  const words = ["regression", "improvement", "change"].filter(count).map((kind) => several(count(kind), kind));
  for (const [kind, what] of [["shared", "of the machine"], ["undecided", "that cannot be told from the machine's"]]) {
    if (count(kind)) words.push(`${several(count(kind), "step")} ${what}`);
  }
  return `${words.join(", ")} in ${found.length} series; ` +
    `the newest ${together > 1 ? `${together} begin` : "begins"} at ${runWords(newest)}.`;
}

function show() {
  const metric = chosenMetric(), found = matching(metric), lines = drawn(found), all = places();
  const colours = new Map(lines.map((number) => [number, series[number][3]])), styles = stylesOf(lines);
  const points = lines.reduce((sum, number) => sum + runsOf(number).length, 0);
  const traces = lines.flatMap((number) => tracesOf(metric, number, styles.get(number), all, points > GL_POINTS ? "scattergl" : "scatter"));
  Plotly.react(byId("plot"), traces, layoutOf(metric, all, lines.length), {displaylogo: false, responsive: true});
  const steps = showSteps(metric, found, colours);
  showSeries(metric, found, colours);
  byId("state").textContent = `${lines.length} of ${found.length} series that match are drawn, of ${series.length} in all.`;
  byId("definition").textContent = `${metric.title}: ${metric.definition}`;
  byId("found").textContent = `${metric.title}: ${foundWords(metric, found, steps)}`;
  byId("clear").hidden = pinned.size === 0;
}

byId("clear").addEventListener("click", () => { pinned.clear(); show(); });
for (const name of ["metric", "across", "up", "most", "machines", "methods"]) byId(name)?.addEventListener("change", show);
byId("filter").addEventListener("input", show);
show();
