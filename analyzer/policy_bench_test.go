package analyzer_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/settings"
)

// longest is the length of a key policy that KMS accepts, in characters without white space.
// https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
const longest = 32768

// policyOf is a key's policy as large organizations have it: the root, administrators, and a statement for each team's
// role with the context that its data has, as many as fit.
func policyOf(size int) string {
	var statements []string
	written := 0
	add := func(text string) {
		written += len(strings.Join(strings.Fields(text), ""))
		statements = append(statements, text)
	}
	add(`      { Sid = "Root", Effect = "Allow", Principal = { AWS = "arn:aws:iam::111122223333:root" }, Action = "kms:*", Resource = "*" },`)
	for i := 0; written < size-600; i++ {
		add(fmt.Sprintf(`      {
        Sid       = "Team%[1]d"
        Effect    = "Allow"
        Principal = { AWS = ["arn:aws:iam::111122223333:role/team-%[1]d-application", "arn:aws:iam::111122223333:role/team-%[1]d-batch"] }
        Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
        Resource  = "*"
        Condition = {
          StringEquals = { "kms:EncryptionContext:team" = "team-%[1]d", "kms:ViaService" = "s3.eu-west-1.amazonaws.com" }
        }
      },`, i))
	}
	return strings.Join(statements, "\n")
}

// keyWith is a module with a key that has a policy.
func keyWith(statements string) fstest.MapFS {
	return fstest.MapFS{"main.tf": {Data: []byte(fmt.Sprintf(`resource "aws_kms_key" "main" {
  enable_key_rotation = true

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
%s
    ]
  })
}
`, statements))}}
}

// review judges one change of a module's only file.
func review(b *testing.B, base, head fstest.MapFS) {
	b.Helper()
	in := analyzer.Input{Base: base, Head: head, Settings: settings.Default(), Now: time.Unix(0, 0)}
	file := analyzer.ChangedFile{Path: "main.tf", OldPath: "main.tf"}
	for n := range strings.Count(string(head["main.tf"].Data), "\n") {
		file.Added = append(file.Added, n+1)
	}
	in.Changed = []analyzer.ChangedFile{file}
	b.ReportAllocs()
	for b.Loop() {
		report, err := analyzer.Analyze(context.Background(), in)
		if err != nil || len(report.Diagnostics) > 0 {
			b.Fatal(err, report.Diagnostics)
		}
	}
}

// BenchmarkPolicy reviews a statement more in a policy of the size that KMS accepts, and in smaller ones: the time must
// grow with the size alone.
func BenchmarkPolicy(b *testing.B) {
	for _, size := range []int{longest / 4, longest / 2, longest} {
		b.Run(fmt.Sprintf("characters=%d", size), func(b *testing.B) {
			statements := policyOf(size)
			more := statements + `
      {
        Sid       = "Auditors"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::111122223333:role/auditors" }
        Action    = ["kms:Decrypt", "kms:DescribeKey"]
        Resource  = "*"
      },`
			review(b, keyWith(statements), keyWith(more))
		})
	}
}

// BenchmarkKeys reviews an argument more in each of many keys of one module.
func BenchmarkKeys(b *testing.B) {
	for _, number := range []int{250, 500, 1000} {
		b.Run(fmt.Sprintf("keys=%d", number), func(b *testing.B) {
			text := func(argument string) fstest.MapFS {
				var out strings.Builder
				for i := range number {
					fmt.Fprintf(&out, `resource "aws_kms_key" "team%[1]d" {
  description         = "data of team %[1]d"
  enable_key_rotation = true
%[2]s
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "Root", Effect = "Allow", Principal = { AWS = "arn:aws:iam::111122223333:root" }, Action = "kms:*", Resource = "*" },
      {
        Sid       = "Use"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::111122223333:role/team-%[1]d" }
        Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
        Resource  = "*"
      },
    ]
  })
}

resource "aws_kms_alias" "team%[1]d" {
  name          = "alias/team-%[1]d"
  target_key_id = aws_kms_key.team%[1]d.key_id
}

`, i, argument)
				}
				return fstest.MapFS{"main.tf": {Data: []byte(out.String())}}
			}
			review(b, text(""), text("  deletion_window_in_days = 30\n"))
		})
	}
}
