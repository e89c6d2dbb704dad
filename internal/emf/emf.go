// Package emf writes metrics as lines of a function's log, from which CloudWatch
// makes them: no call is made and no permission needed
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
//
// CloudWatch charges for every combination of a name and its dimensions that it
// sees in an hour, so that nothing with many values, such as an account, is one.
package emf

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// Namespace is where all metrics are found.
const Namespace = "igauth"

// Metrics are the numbers of one run.
type Metrics struct {
	// At is the time that they are of.
	At time.Time
	// Stack is the installation, a dimension of every metric.
	Stack string
	// MinDaysToExpiry is the shortest life that any token has left, nil if it is
	// not known or there is no token.
	MinDaysToExpiry *float64
	// Due and Refreshed count accounts.
	Due, Refreshed int
	// RunSeconds is how long the run took.
	RunSeconds float64
	// OpenIncidents counts the failures of the app that last.
	OpenIncidents int
	// OutboxSeconds is the age of the oldest event that could not be sent.
	OutboxSeconds float64
	// RemovalsLate counts what Meta asked to take away more than an hour ago and is
	// not gone.
	RemovalsLate int
	// AppUsagePercent is how much of Meta's limit the app has used, and
	// BusinessUsagePercent an account of its own; nil if Meta did not say.
	AppUsagePercent, BusinessUsagePercent *float64
	// AccountsByStatus says how many accounts have which status, and
	// FailedByClass how many failures are of which class. Classes without
	// failures are left out.
	AccountsByStatus, FailedByClass map[string]int
}

// Write writes the lines of a run with a single call of w.Write, so that no line
// of another writer comes in between.
func Write(w io.Writer, m Metrics) error {
	run := []metric{
		{"Due", "Count", float64(m.Due)},
		{"Refreshed", "Count", float64(m.Refreshed)},
		{"RunSeconds", "Seconds", m.RunSeconds},
		{"OpenIncidents", "Count", float64(m.OpenIncidents)},
		{"OutboxSeconds", "Seconds", m.OutboxSeconds},
		{"RemovalsLate", "Count", float64(m.RemovalsLate)},
	}
	if m.MinDaysToExpiry != nil {
		run = append(run, metric{"MinDaysToExpiry", "None", *m.MinDaysToExpiry})
	}
	if m.AppUsagePercent != nil {
		run = append(run, metric{"AppUsagePercent", "Percent", *m.AppUsagePercent})
	}
	if m.BusinessUsagePercent != nil {
		run = append(run, metric{"BusinessUsagePercent", "Percent", *m.BusinessUsagePercent})
	}
	var lines bytes.Buffer
	problem := m.line(&lines, "", "", run...)
	for _, status := range slices.Sorted(maps.Keys(m.AccountsByStatus)) {
		if err := m.line(&lines, "Status", status, metric{"AccountsByStatus", "Count", float64(m.AccountsByStatus[status])}); err != nil {
			problem = err
		}
	}
	for _, class := range slices.Sorted(maps.Keys(m.FailedByClass)) {
		if m.FailedByClass[class] == 0 {
			continue
		}
		if err := m.line(&lines, "Class", class, metric{"FailedByClass", "Count", float64(m.FailedByClass[class])}); err != nil {
			problem = err
		}
	}
	if problem != nil {
		return fmt.Errorf("writing metrics: %w", problem)
	}
	if _, err := w.Write(lines.Bytes()); err != nil {
		return fmt.Errorf("writing metrics: %w", err)
	}
	return nil
}

// WriteSignedRequest writes one line that counts a callback of Meta by the secret
// that it was signed with, of which only the label is told.
func WriteSignedRequest(w io.Writer, at time.Time, stack, secret string) error {
	var line bytes.Buffer
	m := Metrics{At: at, Stack: stack}
	if err := m.line(&line, "Secret", secret, metric{"SignedRequests", "Count", 1}); err != nil {
		return fmt.Errorf("writing metrics: %w", err)
	}
	if _, err := w.Write(line.Bytes()); err != nil {
		return fmt.Errorf("writing metrics: %w", err)
	}
	return nil
}

// A metric is a number with its name and one of CloudWatch's units.
type metric struct {
	name, unit string
	value      float64
}

// The part of a line that says which of its members are metrics.
type (
	header struct {
		// Timestamp is in milliseconds since 1970.
		Timestamp         int64       `json:"Timestamp"`
		CloudWatchMetrics []directive `json:"CloudWatchMetrics"`
	}
	directive struct {
		Namespace  string       `json:"Namespace"`
		Dimensions [][]string   `json:"Dimensions"`
		Metrics    []definition `json:"Metrics"`
	}
	definition struct {
		Name string `json:"Name"`
		Unit string `json:"Unit"`
	}
)

// line adds one line with metrics that have the stack as a dimension, and another
// one unless its name is empty.
func (m Metrics) line(lines *bytes.Buffer, dimension, value string, metrics ...metric) error {
	members := map[string]any{"Stack": m.Stack}
	d := directive{Namespace: Namespace, Dimensions: [][]string{{"Stack"}}}
	if dimension != "" {
		members[dimension] = value
		d.Dimensions[0] = append(d.Dimensions[0], dimension)
	}
	for _, metric := range metrics {
		members[metric.name] = metric.value
		d.Metrics = append(d.Metrics, definition{metric.name, metric.unit})
	}
	members["_aws"] = header{Timestamp: m.At.UnixMilli(), CloudWatchMetrics: []directive{d}}
	return json.NewEncoder(lines).Encode(members)
}
