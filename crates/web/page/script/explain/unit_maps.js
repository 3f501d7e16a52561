// The feature maps of each unit: a canvas for each, with a choice of the stage that is shown.

import { byId, make } from "../show/elements.js";
import { MapGrid, largestOf } from "../show/map_grid.js";
import { formatNumber } from "../show/numbers.js";
import { words } from "../words/language.js";
import { layersOfUnit } from "./layers.js";

/** All units of a model. `onPoint({ unit, stage, map, y, x } | null, how)` is called for a place in a map. */
export class UnitMaps {
  #place = byId("maps");
  #onPoint;
  #units = [];
  #look = null;

  constructor(onPoint) {
    this.#onPoint = onPoint;
  }

  /** Makes a part of the page for each unit of a model. Stages that were chosen before stay chosen. */
  setModel({ units }) {
    const chosen = this.#units.map(({ stage }) => stage);
    this.#units = units.map((config, index) => this.#unit(config, index, chosen[index]));
    this.#place.replaceChildren(...this.#units.map(({ element }) => element));
    if (units.length === 0) this.#place.append(make("p", "note", words("no-units")));
    this.show(this.#look);
  }

  /** Shows the maps of an input, or none. */
  show(look) {
    this.#look = look;
    for (const unit of this.#units) this.#showUnit(unit);
  }

  /** Marks places of maps: `{ unit, stage, ... }` as `MapGrid.mark` takes them. A stage of `last` is the last one. */
  mark(places) {
    this.#units.forEach(({ grid, stage, stages }, index) => {
      const isHere = (place) =>
        place.unit === index && stage === (place.stage === "last" ? stages.at(-1) : place.stage);
      grid.mark(places.filter(isHere));
    });
  }

  #unit(config, index, chosen) {
    const stages = ["convolution", ...config.stages];
    const stage = stages.includes(chosen) ? chosen : stages.at(-1);
    const host = make("div");
    host.tabIndex = 0;
    host.setAttribute("role", "application");
    const title = words("unit-title", { n: index + 1 });
    host.setAttribute("aria-label", words("maps-label", { title }));
    const scale = make("p", "scale");
    const unit = { index, stages, stage, host, scale };
    const choice = this.#stageChoice(unit, title);
    unit.element = make("section", "unit", make("h3", "", title), sizesOf(config), choice, host, scale);
    unit.grid = new MapGrid(host, {
      onPoint: (place, how) => this.#onPoint(place && { unit: index, stage: unit.stage, ...place }, how),
    });
    return unit;
  }

  #stageChoice(unit, title) {
    const choice = make("fieldset", "stages", make("legend", "visually-hidden", words("stage-choice", { title })));
    for (const stage of unit.stages) {
      const input = make("input");
      input.type = "radio";
      input.name = `stage-${unit.index}`;
      input.value = stage;
      input.checked = stage === unit.stage;
      input.addEventListener("change", () => {
        unit.stage = stage;
        this.#onPoint(null, "click");
        this.#showUnit(unit);
      });
      choice.append(make("label", "", input, make("span", "", words(`stage-${stage}`))));
    }
    return choice;
  }

  #showUnit(unit) {
    const layer = this.#look && layersOfUnit(this.#look, unit.index).find(({ stage }) => stage === unit.stage);
    unit.element.classList.toggle("empty", !layer);
    if (!layer) {
      unit.scale.textContent = words("maps-empty");
      unit.grid.clear();
      return;
    }
    const largest = largestOf(layer.values);
    const [maps, height, width] = layer.shape;
    unit.scale.textContent = words("maps-scale", { maps, height, width, largest: formatNumber(largest) });
    unit.grid.show(layer.values, layer.shape, largest);
  }
}

/** A unit's configuration in a line. */
function sizesOf({ filters, kernel_size: k, stride, groups, input, activation, pool, pool_size: p, stages }) {
  const channels = input[0] / groups;
  const parts = [words(channels === 1 ? "unit-filters-one" : "unit-filters", { filters, k, channels })];
  if (stride > 1) parts.push(words("unit-stride", { stride }));
  for (const stage of stages) {
    if (stage === "activation") parts.push(words(`activation-${activation}`));
    else if (stage === "pool") parts.push(words(`pool-${pool}`, { p }));
    else parts.push(words(`stage-${stage}`));
  }
  return make("p", "note", parts.join(" → "));
}
