// Command deauthorize is the Lambda function of that name.
package main

import (
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"igauth/internal/app/deauthorize"
)

func main() {
	log := lambdacontext.NewLogger()
	function, err := deauthorize.New(os.Getenv, log, os.Stdout)
	if err != nil {
		log.Error("function not started", "err", err)
		os.Exit(1)
	}
	lambda.Start(function)
}
