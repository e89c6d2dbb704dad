package deployed

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"igauth/internal/doctor"
	"igauth/internal/igauth/awsstore/secrets"
)

// AppSecretName is the name that the template gives the secret with the app
// secret.
func AppSecretName(stack string) string { return stack + "/app" }

// A Patient is a stack that is to be examined.
type Patient struct {
	doctor.Stack
	// IAM is asked what the functions may do.
	IAM doctor.IAM

	cfg aws.Config
	now func() time.Time
}

// Examine returns a stack, with the credentials and the region that the AWS CLI
// would use. What the variables of this shell say of igauth does not count: it is
// the stack that is examined.
func Examine(ctx context.Context, stack string, now func() time.Time) (*Patient, error) {
	cfg, err := load(ctx)
	if err != nil {
		return nil, err
	}
	parts, err := Open(ctx, stack, "", func(string) string { return "" }, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	manager := secretsmanager.NewFromConfig(cfg)
	return &Patient{
		Stack: doctor.Stack{
			Name: stack, Region: cfg.Region,
			Tables: dynamodb.NewFromConfig(cfg), Secrets: manager,
			Read:  secrets.NewReader(manager, 0, nil).Text,
			Table: TableName(stack), AppSecret: AppSecretName(stack), StateKey: StateKeyName(stack), KeysetName: KeysetName(stack),
			Keyset: parts.Keyset, Ledger: parts.Ledger, Tokens: parts.Vault,
		},
		IAM: iam.NewFromConfig(cfg),
		cfg: cfg,
		now: now,
	}, nil
}

const (
	// pages bounds how many pages of functions are read, each of fifty.
	pages = 100
	// maxPage bounds one of them.
	maxPage = 4 << 20
)

// Functions returns the functions of the stack, as they are deployed. It is one
// call of the API in its plain form, as a client of Lambda would be linked for
// nothing else
// (https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html).
func (p *Patient) Functions(ctx context.Context) ([]doctor.Function, error) {
	return functionsOf(ctx, p.cfg, p.now, p.Name)
}

// functionsOf returns the functions of a stack. The clock is that of the signature.
func functionsOf(ctx context.Context, cfg aws.Config, now func() time.Time, stack string) ([]doctor.Function, error) {
	var functions []doctor.Function
	marker := ""
	for range pages {
		page, err := listFunctions(ctx, cfg, now, marker)
		if err != nil {
			return nil, err
		}
		for _, f := range page.Functions {
			for part, logical := range doctor.Parts {
				if strings.HasPrefix(f.FunctionName, stack+"-"+logical+"-") {
					env := doctor.Environment{}
					for name, value := range f.Environment.Variables {
						if strings.HasPrefix(name, "IGAUTH_") {
							env[name] = value
						}
					}
					functions = append(functions, doctor.Function{Part: part, Role: f.Role, Environment: env})
				}
			}
		}
		if marker = page.NextMarker; marker == "" {
			break
		}
	}
	return functions, nil
}

// functionPage is what is read of an answer.
type functionPage struct {
	Functions []struct {
		FunctionName, Role string
		Environment        struct{ Variables map[string]string }
	}
	NextMarker string
}

func listFunctions(ctx context.Context, cfg aws.Config, now func() time.Time, marker string) (functionPage, error) {
	ctx, cancel := context.WithTimeout(ctx, doctor.CallTimeout)
	defer cancel()
	query := url.Values{"MaxItems": {"50"}}
	if marker != "" {
		query.Set("Marker", marker)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, lambda(cfg)+"/2015-03-31/functions/?"+query.Encode(), nil)
	if err != nil {
		return functionPage{}, errors.New("the endpoint of Lambda is no URL")
	}
	credentials, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return functionPage{}, &smithy.GenericAPIError{Code: "AccessDenied", Message: "no credentials"}
	}
	empty := sha256.Sum256(nil)
	if err := v4.NewSigner().SignHTTP(ctx, credentials, r, hex.EncodeToString(empty[:]), "lambda", cfg.Region, now()); err != nil {
		return functionPage{}, errors.New("the request could not be signed")
	}
	var client aws.HTTPClient = cfg.HTTPClient
	if client == nil {
		client = awshttp.NewBuildableClient()
	}
	response, err := client.Do(r)
	if err != nil {
		return functionPage{}, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		code, _, _ := strings.Cut(response.Header.Get("X-Amzn-Errortype"), ":")
		if code == "" {
			code = http.StatusText(response.StatusCode)
		}
		return functionPage{}, &smithy.GenericAPIError{Code: code, Message: "listing the functions"}
	}
	var page functionPage
	if err := json.NewDecoder(io.LimitReader(response.Body, maxPage)).Decode(&page); err != nil {
		return functionPage{}, &smithy.GenericAPIError{Code: "an answer that is no JSON", Message: "listing the functions"}
	}
	return page, nil
}

// lambda returns the endpoint of Lambda
// (https://docs.aws.amazon.com/general/latest/gr/lambda-service.html).
func lambda(cfg aws.Config) string {
	if cfg.BaseEndpoint != nil {
		return strings.TrimSuffix(*cfg.BaseEndpoint, "/")
	}
	suffix := "amazonaws.com"
	if strings.HasPrefix(cfg.Region, "cn-") {
		suffix = "amazonaws.com.cn"
	}
	return "https://lambda." + cfg.Region + "." + suffix
}
