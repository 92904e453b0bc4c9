import type { ElkNode } from "elkjs/lib/elk.bundled.js";
import type { Topology, TopologyEdge, TopologyNode } from "./topology.js";

/** A topology with places, in pixels. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly (TopologyNode & Box)[];
  readonly edges: readonly (TopologyEdge & { readonly points: readonly Point[] })[];
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Columns from left to right. */
const columns: Readonly<Record<TopologyNode["kind"], number>> = {
  gateway: 0,
  service: 1,
  application: 1,
  channel: 2,
  consumer: 3,
};

/** About how wide a character is, for the widest of the fonts that the page may get: there is none to measure with. */
export const titleWidth = 8.8;
export const detailWidth = 7.2;

/** Icon and margins beside a label. */
const labelFrame = 54;
const nodeHeight = 54;
const narrowest = 132;
const widest = 280;

/** Places of all nodes and edges. Loads elkjs, which is large, only when there is something to lay out. */
export async function layOut(topology: Topology): Promise<Layout> {
  const { default: elk } = await import("elkjs/lib/elk.bundled.js");
  const input: ElkNode = {
    id: "root",
    layoutOptions: {
      "elk.algorithm": "layered",
      "elk.direction": "RIGHT",
      "elk.partitioning.activate": "true",
      "elk.separateConnectedComponents": "false",
      "elk.edgeRouting": "ORTHOGONAL",
      "elk.spacing.nodeNode": "18",
      "elk.layered.spacing.nodeNodeBetweenLayers": "72",
      "elk.layered.spacing.edgeNodeBetweenLayers": "24",
      "elk.layered.spacing.edgeEdgeBetweenLayers": "14",
      "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
      "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF",
      "elk.layered.nodePlacement.bk.fixedAlignment": "BALANCED",
      "elk.randomSeed": "1",
      "elk.padding": "[top=12,left=12,bottom=12,right=12]",
    },
    children: topology.nodes.map((node) => ({
      id: node.id,
      width: widthOf(node),
      height: nodeHeight,
      layoutOptions: { "elk.partitioning.partition": String(columns[node.kind]) },
    })),
    edges: topology.edges.map((edge, at) => ({ id: `edge:${at}`, sources: [edge.from], targets: [edge.to] })),
  };
  const graph: ElkNode = await new elk.default().layout(input);

  const boxes = new Map((graph.children ?? []).map((child) => [child.id, child]));
  const routes = new Map((graph.edges ?? []).map((edge) => [edge.id, edge]));
  return {
    width: Math.ceil(graph.width ?? 0),
    height: Math.ceil(graph.height ?? 0),
    nodes: topology.nodes.map((node) => {
      const { x = 0, y = 0, width = narrowest, height = nodeHeight } = boxes.get(node.id) ?? {};
      return { ...node, x, y, width, height };
    }),
    edges: topology.edges.map((edge, at) => {
      const section = routes.get(`edge:${at}`)?.sections?.[0];
      const points = section === undefined ? [] : [section.startPoint, ...(section.bendPoints ?? []), section.endPoint];
      return { ...edge, points };
    }),
  };
}

/** A label cut to what its node has room for. */
export function fitLabel(text: string, width: number, perCharacter: number): string {
  // half a character for what was rounded
  const room = Math.floor((width - labelFrame) / perCharacter + 0.5);
  return text.length <= room ? text : `${text.slice(0, Math.max(1, room - 1))}…`;
}

function widthOf({ title, detail }: TopologyNode): number {
  const wanted = labelFrame + Math.max(title.length * titleWidth, detail.length * detailWidth);
  return Math.min(widest, Math.max(narrowest, Math.ceil(wanted)));
}
