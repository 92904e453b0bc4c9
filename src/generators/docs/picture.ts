import { concat, escapeHtml, markup, nothing, type Html } from "./html.js";
import { detailWidth, fitLabel, titleWidth, type Layout, type Point } from "./layout.js";

/** The topology as SVG; colours and fonts come from the page's style sheet, so it follows the theme. */
export function topologySvg(layout: Layout): Html {
  const { width, height } = layout;
  const edges = layout.edges.map((edge) => {
    const tone = escapeHtml(edge.inferred ? "edge inferred" : "edge");
    return markup`<path class="${tone}" d="${pathData(edge.points)}" marker-end="url(#arrow)" />\n`;
  });
  const nodes = layout.nodes.map((node) => {
    const place = markup`class="node ${escapeHtml(node.kind)}" transform="translate(${round(node.x)} ${round(node.y)})"`;
    const shape = concat([
      markup`<title>${escapeHtml(`${node.title} (${node.kind})`)}</title>`,
      markup`<rect width="${round(node.width)}" height="${round(node.height)}" rx="9" />`,
      markup`<g class="icon" transform="translate(12 17)">${icons[node.kind]}</g>`,
      markup`<text x="42" y="23" class="title">${escapeHtml(fitLabel(node.title, node.width, titleWidth))}</text>`,
      markup`<text x="42" y="40" class="detail">${escapeHtml(fitLabel(node.detail, node.width, detailWidth))}</text>`,
    ]);
    if (node.anchor === undefined) return markup`<g ${place}>${shape}</g>\n`;
    return markup`<a href="#${escapeHtml(node.anchor)}" ${place}>${shape}</a>\n`;
  });
  const label = escapeHtml("Topology: who calls, publishes and consumes");
  return concat([
    markup`<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="group" aria-label="${label}">\n`,
    markup`<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">`,
    markup`<path d="M0 0 8 4 0 8z" /></marker></defs>\n`,
    ...edges,
    ...nodes,
    markup`</svg>`,
  ]);
}

/** Straight parts with rounded corners. */
function pathData(points: readonly Point[]): Html {
  const [first, ...rest] = points;
  if (first === undefined) return nothing;
  const parts: Html[] = [markup`M${round(first.x)} ${round(first.y)}`];
  let before = first;
  rest.forEach((point, at) => {
    const next = rest[at + 1];
    if (next === undefined) {
      parts.push(markup`L${round(point.x)} ${round(point.y)}`);
    } else {
      const enter = towards(point, before);
      const leave = towards(point, next);
      parts.push(
        markup`L${round(enter.x)} ${round(enter.y)}`,
        markup`Q${round(point.x)} ${round(point.y)} ${round(leave.x)} ${round(leave.y)}`,
      );
    }
    before = point;
  });
  return concat(parts);
}

const cornerRadius = 7;

function towards(from: Point, to: Point): Point {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const length = Math.hypot(dx, dy);
  const step = length === 0 ? 0 : Math.min(cornerRadius, length / 2) / length;
  return { x: from.x + dx * step, y: from.y + dy * step };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** 20 × 20, drawn with strokes. */
const icons = {
  gateway: markup`<circle cx="10" cy="10" r="8" /><path d="M2 10h16M10 2c5 5 5 11 0 16M10 2c-5 5-5 11 0 16" />`,
  service: concat([
    markup`<rect x="2" y="3" width="16" height="6" rx="1.5" /><rect x="2" y="11" width="16" height="6" rx="1.5" />`,
    markup`<path d="M5.5 6h.01M5.5 14h.01" />`,
  ]),
  application: markup`<rect x="2" y="3" width="16" height="14" rx="2" /><path d="M2 7.5h16" />`,
  channel: markup`<path d="M2 6h16M2 10h16M2 14h16" /><circle cx="6" cy="10" r="1.5" />`,
  consumer: markup`<path d="M3 11v5a1.5 1.5 0 0 0 1.5 1.5h11A1.5 1.5 0 0 0 17 16v-5M10 3v9M6.5 8.5 10 12l3.5-3.5" />`,
} as const;
