// Package awsstore holds what the stores on AWS have in common: how a client is
// configured. The stores themselves are packages of their own, the ledger in
// table and the vault in secrets, so that a function links only the clients that
// it calls.
package awsstore

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// How long the clients wait, and how often they try. A Lambda function is
// stopped by a deadline of its own, so that waiting long is no help.
const (
	// dialTimeout is for a connection within a Region; it takes milliseconds.
	dialTimeout = 2 * time.Second
	// answerTimeout is for the first byte of an answer.
	answerTimeout = 5 * time.Second
	// idleTimeout is meant to be shorter than the far side's, so that a request
	// is not sent into a connection that is just being closed.
	idleTimeout = 50 * time.Second
	// idleConns is how many connections wait for the next request. A run has as
	// many as it works on accounts at a time, and the SDK would keep ten.
	idleConns = 1000
	// attempts are made of each call, with growing pauses up to maxBackoff.
	attempts   = 3
	maxBackoff = 2 * time.Second
	// sessions is the size of the TLS session cache: one host for each service.
	sessions = 8
)

// Config returns the configuration of AWS clients from the variables that the
// Lambda runtime sets for every function
// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html):
// AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.
// The error names every variable that is missing or wrong.
//
// It is written by hand because the SDK's own config package looks for
// credentials in a dozen places and links the clients for that, which every cold
// start would pay for. The credentials are those of the execution environment
// and live as long as it.
//
// AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_<SERVICE> and
// AWS_IGNORE_CONFIGURED_ENDPOINT_URLS are obeyed as in any SDK
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html).
func Config(getenv func(string) string) (aws.Config, error) {
	var problems []error
	required := func(name string) string {
		value := getenv(name)
		if value == "" {
			problems = append(problems, fmt.Errorf("%s is not set; Lambda sets it for every function", name))
		}
		return value
	}
	region := required("AWS_REGION")
	credentials := aws.Credentials{
		AccessKeyID:     required("AWS_ACCESS_KEY_ID"),
		SecretAccessKey: required("AWS_SECRET_ACCESS_KEY"),
		// A long-lived key, as emulators take, has no session.
		SessionToken: getenv("AWS_SESSION_TOKEN"),
		Source:       "environment",
	}
	endpoints := endpoints{getenv}
	if err := endpoints.check(); err != nil {
		problems = append(problems, err)
	}
	if err := errors.Join(problems...); err != nil {
		return aws.Config{}, err
	}
	return aws.Config{
		Region: region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return credentials, nil
		}),
		BaseEndpoint:  endpoints.everywhere(),
		ConfigSources: []any{endpoints},
		HTTPClient:    newHTTPClient(),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts = attempts
				o.MaxBackoff = maxBackoff
			})
		},
	}, nil
}

// newHTTPClient returns the SDK's client with our patience.
func newHTTPClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = dialTimeout }).
		WithTransportOptions(func(t *http.Transport) {
			t.IdleConnTimeout = idleTimeout
			t.MaxIdleConns, t.MaxIdleConnsPerHost = idleConns, idleConns
			t.ResponseHeaderTimeout = answerTimeout
			// A connection that was dropped is taken up again without the
			// certificate's check, which is most of what a handshake costs.
			t.TLSClientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(sessions)
		})
}

// endpoints answers the SDK's questions about endpoints from the environment.
// The SDK's service clients ask every element of aws.Config.ConfigSources that
// has these methods
// (https://github.com/aws/aws-sdk-go-v2/blob/main/internal/configsources/endpoints.go);
// only the SDK's config package reads the variables by itself.
type endpoints struct {
	getenv func(string) string
}

const (
	endpointVariable = "AWS_ENDPOINT_URL"
	ignoreVariable   = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
)

// services are the ids of the services that this program calls, as they are
// part of a variable's name.
var services = []string{"DYNAMODB", "SECRETS_MANAGER", "EVENTBRIDGE"}

// check reports a variable that is not an absolute URL.
func (e endpoints) check() error {
	var problems []error
	names := []string{endpointVariable}
	for _, service := range services {
		names = append(names, endpointVariable+"_"+service)
	}
	for _, name := range names {
		value := e.getenv(name)
		if value == "" {
			continue
		}
		if u, err := url.Parse(value); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			problems = append(problems, fmt.Errorf("%s must be a URL such as http://127.0.0.1:8000", name))
		}
	}
	return errors.Join(problems...)
}

// ignored reports whether the endpoint variables do not count.
func (e endpoints) ignored() bool {
	return strings.EqualFold(e.getenv(ignoreVariable), "true")
}

// everywhere returns the endpoint of all services that have none of their own.
func (e endpoints) everywhere() *string {
	if value := e.getenv(endpointVariable); value != "" && !e.ignored() {
		return &value
	}
	return nil
}

// GetServiceBaseEndpoint returns the endpoint of one service and whether there
// is one. The name of its variable is the service's id in capitals, with
// underscores for spaces.
func (e endpoints) GetServiceBaseEndpoint(_ context.Context, sdkID string) (string, bool, error) {
	value := e.getenv(endpointVariable + "_" + strings.ToUpper(strings.ReplaceAll(sdkID, " ", "_")))
	return value, value != "", nil
}

// GetIgnoreConfiguredEndpoints reports whether the endpoint variables do not
// count, and whether anything is said about that.
func (e endpoints) GetIgnoreConfiguredEndpoints(context.Context) (value, found bool, err error) {
	return e.ignored(), e.ignored(), nil
}
