// Package host gives the metrics of the machine: node_exporter's own collectors (v1.12.1) with their default options, in
// this process. Names, labels and edge cases are node_exporter's, because they are its code.
package host
