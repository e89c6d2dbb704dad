// Package bus hands events to a bus of Amazon EventBridge.
package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"igauth/internal/igauth"
)

// Source is the source of all events, by which rules choose them.
const Source = "igauth"

// busAPI is what a Publisher calls of the EventBridge client.
type busAPI interface {
	PutEvents(context.Context, *eventbridge.PutEventsInput, ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error)
}

var (
	_ busAPI           = (*eventbridge.Client)(nil)
	_ igauth.Publisher = (*Publisher)(nil)
)

// Config is what a Publisher is made of.
type Config struct {
	// Client is an *eventbridge.Client.
	Client busAPI
	// Bus is the name of the bus; empty means the one that every account has.
	Bus string
}

// A Publisher is an [igauth.Publisher] on a bus of EventBridge.
type Publisher struct {
	client busAPI
	bus    string
}

// New returns a Publisher, or what is wrong with its configuration. It makes no
// call.
func New(cfg Config) (*Publisher, error) {
	if cfg.Client == nil {
		return nil, errors.New("a publisher on EventBridge needs a client")
	}
	if cfg.Bus == "" {
		cfg.Bus = "default"
	}
	return &Publisher{client: cfg.Client, bus: cfg.Bus}, nil
}

// Publish implements [igauth.Publisher] with one call of PutEvents, which can
// succeed as a call and refuse some of its entries
// (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html).
// The error names the reasons by their codes; what EventBridge says about an
// entry may quote it.
func (p *Publisher) Publish(ctx context.Context, messages []igauth.Message) error {
	if len(messages) == 0 {
		return nil
	}
	if len(messages) > igauth.MaxMessages {
		return fmt.Errorf("publishing %d events: at most %d at a time", len(messages), igauth.MaxMessages)
	}
	entries := make([]types.PutEventsRequestEntry, len(messages))
	for i, m := range messages {
		detail, err := json.Marshal(m.Body)
		if err != nil {
			return fmt.Errorf("encoding the event %s: %w", m.Body.ID, err)
		}
		entries[i] = types.PutEventsRequestEntry{
			EventBusName: &p.bus,
			Source:       aws.String(Source),
			DetailType:   aws.String(string(m.Type)),
			Detail:       aws.String(string(detail)),
		}
		if !m.At.IsZero() {
			entries[i].Time = aws.Time(m.At)
		}
	}
	out, err := p.client.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: entries})
	if err != nil {
		return fmt.Errorf("publishing events: %w", err)
	}
	if out.FailedEntryCount > 0 {
		var codes []string
		for _, entry := range out.Entries {
			if code := aws.ToString(entry.ErrorCode); code != "" {
				codes = append(codes, code)
			}
		}
		slices.Sort(codes)
		return fmt.Errorf("publishing events: EventBridge refused %d of %d: %s", out.FailedEntryCount, len(messages), strings.Join(slices.Compact(codes), ", "))
	}
	return nil
}
