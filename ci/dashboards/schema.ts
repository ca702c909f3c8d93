// A dashboard as a file of JSON, in Grafana's own types: no field that Grafana does not know, none
// missing, no word that is not one of an enumeration. Panels are of the kinds that are used here,
// and every question is one for Prometheus.
import type { DataSourceRef } from "@grafana/grafana-foundation-sdk/common";
import type { Dashboard, FieldConfig, FieldConfigSource, Panel, RowPanel } from "@grafana/grafana-foundation-sdk/dashboard";
import type { Dataquery } from "@grafana/grafana-foundation-sdk/prometheus";
import type * as stat from "@grafana/grafana-foundation-sdk/stat";
import type * as stateTimeline from "@grafana/grafana-foundation-sdk/statetimeline";
import type * as table from "@grafana/grafana-foundation-sdk/table";
import type * as timeSeries from "@grafana/grafana-foundation-sdk/timeseries";

// What JSON can say of a type: the words of an enumeration, and no functions.
type Json<T> = T extends string
  ? `${T}`
  : T extends (infer Item)[]
    ? Json<Item>[]
    : T extends object
      ? { [Key in keyof T as Key extends "_implementsDataqueryVariant" ? never : Key]: Json<T[Key]> }
      : T;

type Source = DataSourceRef & { type: "prometheus"; uid: "prometheus" };
type Query = Json<Omit<Dataquery, "datasource" | "refId">> & { datasource: Source; refId: string };
type Fields<Custom> = Json<Omit<FieldConfigSource, "defaults">> & {
  defaults: Json<Omit<FieldConfig, "custom">> & { custom?: Json<Custom> };
};
type Of<Kind extends string, Options, Custom> = Json<
  Omit<Panel, "type" | "id" | "title" | "gridPos" | "datasource" | "targets" | "options" | "fieldConfig">
> &
  Json<Required<Pick<Panel, "id" | "title" | "gridPos">>> & {
    type: Kind;
    datasource: Source;
    targets: Query[];
    options: Json<Options>;
    fieldConfig: Fields<Custom>;
  };

export type Checked = Json<Omit<Dashboard, "panels" | "uid" | "title">> & {
  uid: string;
  title: string;
  panels: (
    | Json<Required<Omit<RowPanel, "datasource" | "repeat">>>
    | Of<"stat", stat.Options, never>
    | Of<"timeseries", timeSeries.Options, timeSeries.FieldConfig>
    | Of<"state-timeline", stateTimeline.Options, stateTimeline.FieldConfig>
    | Of<"table", table.Options, table.FieldConfig>
  )[];
};
