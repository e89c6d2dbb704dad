package refresh

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"igauth/internal/igauth"
)

// Where the records of an event come from.
const (
	// sourceStream is the stream of the table, with rows that have something to
	// tell (https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html).
	sourceStream = "aws:dynamodb"
	// sourceQueue is the queue with the parts of a run that is spread
	// (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html).
	sourceQueue = "aws:sqs"
)

// An event holds the few members of Lambda's events that this function reads. The
// event of a schedule has none of them.
type event struct {
	Records []record `json:"Records"`
}

// A record is of either source.
type record struct {
	EventSource string `json:"eventSource"`
	// Body is the message of a queue.
	Body string `json:"body"`
	// DynamoDB is the change of a row.
	DynamoDB struct {
		Keys struct {
			PK struct {
				S string `json:"S"`
			} `json:"pk"`
		} `json:"Keys"`
		SequenceNumber string `json:"SequenceNumber"`
	} `json:"dynamodb"`
}

// A part says which part of a run is to be done: the shard-th of so many, counted
// from 0.
type part struct {
	Shard int `json:"shard"`
	Of    int `json:"of"`
}

// source returns where all records of the event come from; it is empty for an
// event without any, such as a schedule's.
func (e event) source() (string, error) {
	if len(e.Records) == 0 {
		return "", nil
	}
	source := e.Records[0].EventSource
	if source != sourceStream && source != sourceQueue {
		return "", fmt.Errorf("an event of %q: this function takes those of a schedule, of %s and of %s", source, sourceQueue, sourceStream)
	}
	for _, r := range e.Records {
		if r.EventSource != source {
			return "", errors.New("an event with records of several sources")
		}
	}
	return source, nil
}

// part returns what the message of a queue asks for.
func (r record) part() (part, error) {
	var p part
	if err := json.Unmarshal([]byte(r.Body), &p); err != nil || p.Of < 1 || p.Shard < 0 || p.Shard >= p.Of {
		return part{}, errors.New(`a message that is no part of a run: it must look like {"shard":0,"of":4}`)
	}
	return p, nil
}

// The keys of the rows that have something to tell, as the package table writes
// them.
const (
	accountPrefix = "account#"
	healthKey     = "health"
)

// account returns whose row has changed, "" if it is no account's.
func (r record) account() igauth.AccountID {
	id, ok := strings.CutPrefix(r.DynamoDB.Keys.PK.S, accountPrefix)
	if !ok {
		return ""
	}
	return igauth.AccountID(id)
}

// Failures are the records that a batch could not do, which are delivered again
// (https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html).
// Of a stream's, the one with the lowest number counts, and all after it are
// delivered again with it: an event that was sent is not in its row any more, so
// that nothing is sent twice because of that.
type Failures struct {
	// BatchItemFailures is never null, which would count as a failed batch.
	BatchItemFailures []Failure `json:"batchItemFailures"`
}

// A Failure is one record, by its sequence number.
type Failure struct {
	ItemIdentifier string `json:"itemIdentifier"`
}
