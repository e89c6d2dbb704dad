package e2e

import (
	"fmt"
	"testing"
)

func TestLogsAreJSONAndForgotten(t *testing.T) {
	tmpl := load(t)
	if got := at(tmpl.root, "Globals", "Function", "LoggingConfig", "LogFormat"); got != "JSON" {
		t.Errorf("functions log %v", got)
	}
	groups := tmpl.resources("AWS::Logs::LogGroup")
	for id, function := range tmpl.resources("AWS::Serverless::Function") {
		if group := show(at(function, "LoggingConfig", "LogGroup")); groups[group] == nil {
			t.Errorf("%s logs to %s, which Lambda would make and keep for ever", id, group)
		}
	}
	for id, group := range groups {
		if got := show(group["RetentionInDays"]); got != "LogRetentionDays" {
			t.Errorf("%s is kept %s", id, got)
		}
	}
}

var signs = map[any]string{"GreaterThanOrEqualToThreshold": ">=", "GreaterThanThreshold": ">", "LessThanThreshold": "<"}

func TestAlarmsAreRaised(t *testing.T) {
	got := map[string]string{}
	for id, alarm := range load(t).resources("AWS::CloudWatch::Alarm") {
		var metric any = alarm
		treats := fmt.Sprint(alarm["TreatMissingData"])
		if queries := many(alarm["Metrics"]); len(queries) == 2 {
			metric = at(queries[1], "MetricStat", "Metric")
			treats += fmt.Sprintf(", %v of %v for %v times %vs", at(queries[0], "Expression"), at(queries[1], "MetricStat", "Stat"), alarm["EvaluationPeriods"], at(queries[1], "MetricStat", "Period"))
			if at(queries[1], "Id") != "counted" || at(queries[0], "ReturnData") != true || at(queries[1], "ReturnData") != false {
				t.Errorf("%s judges another number than its expression", id)
			}
		}
		dimension := at(many(at(metric, "Dimensions"))[0], "Value")
		got[fmt.Sprintf("%v/%v of %s %s %v", at(metric, "Namespace"), at(metric, "MetricName"), show(dimension), signs[alarm["ComparisonOperator"]], alarm["Threshold"])] = treats
		if !refers(alarm["AlarmActions"], "AlarmTopic") {
			t.Errorf("nobody hears %s", id)
		}
	}
	compare(t, "the alarms", lines(got), lines(map[string]string{
		"AWS/Lambda/Errors of RefreshFunction >= 1": "notBreaching",
		// A refresh that does not run has no data: silence is what it is about, for two
		// hours, however late CloudWatch would call the data missing.
		"igauth/RunSeconds of AWS::StackName < 1":                                  "breaching, FILL(counted, 0) of SampleCount for 8 times 900s",
		"igauth/MinDaysToExpiry of AWS::StackName < 10":                            "ignore",
		"igauth/OpenIncidents of AWS::StackName >= 1":                              "ignore",
		"igauth/OutboxSeconds of AWS::StackName > 3600":                            "ignore",
		"igauth/RemovalsLate of AWS::StackName >= 1":                               "ignore",
		"AWS/SQS/ApproximateNumberOfMessagesVisible of DeadLetters.QueueName >= 1": "notBreaching",
		"AWS/ApiGateway/5xx of Api >= 3":                                           "notBreaching",
	}))
}
