package e2e

import (
	"fmt"
	"slices"
	"testing"
)

func TestRefreshRunsEveryHourAndIsNotRepeated(t *testing.T) {
	tmpl := load(t)
	inputs := map[string]string{}
	for id, schedule := range tmpl.resources("AWS::Scheduler::Schedule") {
		if got := schedule["ScheduleExpression"]; got != "rate(1 hour)" {
			t.Errorf("%s runs at %v", id, got)
		}
		target := at(schedule, "Target")
		if got := show(at(target, "DeadLetterConfig", "Arn")); got != "DeadLetters.Arn" {
			t.Errorf("what %s cannot deliver goes to %s", id, got)
		}
		if at(target, "RetryPolicy", "MaximumEventAgeInSeconds") != 3600 || at(target, "RetryPolicy", "MaximumRetryAttempts") == nil {
			t.Errorf("%s repeats: %v", id, at(target, "RetryPolicy"))
		}
		starts, condition := show(at(target, "Arn")), at(tmpl.section("Resources")[id], "Condition")
		if id == "RefreshSchedule" {
			if got := show(schedule["State"]); starts != "RefreshFunction.Arn" || condition != nil || got != "if SpreadsRefresh: DISABLED, else ENABLED" {
				t.Errorf("the schedule starts %s, if %v, and is %s", starts, condition, got)
			}
			continue
		}
		inputs[id] = fmt.Sprint(at(target, "Input"))
		if starts != "RefreshParts.Arn" || condition != "SpreadsRefresh" || schedule["State"] != nil {
			t.Errorf("%s sends to %s, if %v, and is %v", id, starts, condition, schedule["State"])
		}
	}
	compare(t, "the spread refresh", lines(inputs), lines(map[string]string{
		"RefreshPart0Schedule": `{"shard":0,"of":4}`,
		"RefreshPart1Schedule": `{"shard":1,"of":4}`,
		"RefreshPart2Schedule": `{"shard":2,"of":4}`,
		"RefreshPart3Schedule": `{"shard":3,"of":4}`,
	}))
	refresh := tmpl.resources("AWS::Serverless::Function")["RefreshFunction"]
	invoke := at(refresh, "EventInvokeConfig")
	if at(invoke, "MaximumRetryAttempts") != 0 || at(invoke, "MaximumEventAgeInSeconds") != 3600 {
		t.Errorf("a failed run is repeated: %v", invoke)
	}
	if got := show(at(invoke, "DestinationConfig", "OnFailure", "Destination")); got != "DeadLetters.Arn" {
		t.Errorf("a failed run goes to %s", got)
	}
	if got := at(tmpl.section("Parameters"), "RefreshSpread", "Default"); got != "no" {
		t.Errorf("by default the refresh is spread: %v", got)
	}
}

// TestRowsWithEventsReachTheRefresh: the filter lets through what the package
// table marks, and what fails is neither repeated for ever nor lost.
func TestRowsWithEventsReachTheRefresh(t *testing.T) {
	mapping := load(t).resources("AWS::Lambda::EventSourceMapping")["RefreshTells"]
	if function, source := show(mapping["FunctionName"]), show(mapping["EventSourceArn"]); function != "RefreshFunction" || source != "LedgerTable.StreamArn" {
		t.Errorf("%s gets what happens in %s", function, source)
	}
	filters := many(at(mapping, "FilterCriteria", "Filters"))
	if len(filters) != 1 || at(filters[0], "Pattern") != `{"dynamodb":{"NewImage":{"outbox_since":{"S":[{"exists":true}]}}}}` {
		t.Errorf("the filter is %v", filters)
	}
	if window, ok := mapping["MaximumBatchingWindowInSeconds"].(int); !ok || window < 1 || window > 5 {
		t.Errorf("events wait %v s for others", mapping["MaximumBatchingWindowInSeconds"])
	}
	if tries, ok := mapping["MaximumRetryAttempts"].(int); !ok || tries < 1 || tries > 10 {
		t.Errorf("a batch is tried again %v times", mapping["MaximumRetryAttempts"])
	}
	// A run sends what is left after ten minutes, and one comes every hour.
	if age, ok := mapping["MaximumRecordAgeInSeconds"].(int); !ok || age < 600 || age > 2*3600 {
		t.Errorf("a batch is tried again for %v s", mapping["MaximumRecordAgeInSeconds"])
	}
	if mapping["BisectBatchOnFunctionError"] != true || !slices.Contains(many(mapping["FunctionResponseTypes"]), any("ReportBatchItemFailures")) {
		t.Error("one row that cannot be sent holds up the others")
	}
	if got := show(at(mapping, "DestinationConfig", "OnFailure", "Destination")); got != "DeadLetters.Arn" {
		t.Errorf("what is given up goes to %s", got)
	}
}

func TestPartsOfARunAreTakenOneByOne(t *testing.T) {
	tmpl := load(t)
	mapping, queue := tmpl.resources("AWS::Lambda::EventSourceMapping")["RefreshTakesParts"], tmpl.resources("AWS::SQS::Queue")["RefreshParts"]
	if function, source := show(mapping["FunctionName"]), show(mapping["EventSourceArn"]); function != "RefreshFunction" || source != "RefreshParts.Arn" {
		t.Errorf("%s takes from %s", function, source)
	}
	if mapping["BatchSize"] != 1 || at(mapping, "ScalingConfig", "MaximumConcurrency") != 4 {
		t.Errorf("parts are taken by %v, %v at a time", mapping["BatchSize"], at(mapping, "ScalingConfig"))
	}
	for _, id := range []string{"RefreshTakesParts", "RefreshParts"} {
		if got := at(tmpl.section("Resources")[id], "Condition"); got != "SpreadsRefresh" {
			t.Errorf("there is %s if %v", id, got)
		}
	}
	visibility, _ := queue["VisibilityTimeout"].(int)
	if visibility < 6*functions["RefreshFunction"].timeout || visibility > 12*3600 {
		t.Errorf("a part is taken again after %d s", visibility)
	}
	tries, _ := at(queue, "RedrivePolicy", "maxReceiveCount").(int)
	if retention, _ := queue["MessageRetentionPeriod"].(int); tries < 1 || retention < tries*visibility || show(at(queue, "RedrivePolicy", "deadLetterTargetArn")) != "DeadLetters.Arn" {
		t.Errorf("a part that fails is forgotten after %d s and goes to %v", retention, queue["RedrivePolicy"])
	}
	if got := show(queue["QueueName"]); got != "${AWS::StackName}-refresh-parts" {
		t.Errorf("the queue is called %s, and the role knows it by its name", got)
	}
}
