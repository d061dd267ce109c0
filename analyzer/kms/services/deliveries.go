package services

// Delivery is an argument that has a service send to a topic or a queue, or read or write a bucket, under its own name.
// Whoever writes the configuration gives it no role for that, so the key of what it names has to let the service in.
type Delivery struct {
	Type, Path string // "aws_cloudwatch_metric_alarm", "alarm_actions"
	To         string // the type of what the argument names, by ARN or by name
	Service    string // "cloudwatch.amazonaws.com"
	Only       []Only // what has to hold besides
}

// Only is an argument that has to have one of some values; with "" among them it may be left out. Without any values
// it has to be set.
type Only struct {
	Path   string
	Values []string
}

// S3AccessLogs and BalancerLogs write into buckets that a key of S3 encrypts by default; the guides support no other.
//   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
//   - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
//   - https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/enable-access-logs.html
const (
	S3AccessLogs = "logging.s3.amazonaws.com"
	BalancerLogs = "logdelivery.elasticloadbalancing.amazonaws.com"
	FlowLogs     = "delivery.logs.amazonaws.com"
)

// TakesS3Keys tells that the service supports no bucket whose default is a key of KMS.
func (d *Delivery) TakesS3Keys() bool { return d.Service == S3AccessLogs || d.Service == BalancerLogs }

// Deliveries lists them. It is not to be changed.
func Deliveries() []Delivery { return deliveries }

const (
	topic  = "aws_sns_topic"
	queue  = "aws_sqs_queue"
	bucket = "aws_s3_bucket"
)

var (
	acts = []Only{{"actions_enabled", []string{"true", ""}}}
	// EventBridge sends with a role where the target has one.
	roleless = []Only{{"role_arn", []string{""}}}
	toQueue  = []Only{{"protocol", []string{"sqs"}}}
	toBucket = []Only{{"log_destination_type", []string{"s3"}}}
	signed   = []Only{{Path: "origin.origin_access_control_id"}}
)

// A network load balancer writes into buckets with a customer managed key as well.
func ofApplication(block string) []Only {
	return []Only{{"load_balancer_type", []string{"application", ""}}, {block + ".enabled", []string{"true"}}}
}

var deliveries = []Delivery{
	{"aws_alb", "access_logs.bucket", bucket, BalancerLogs, ofApplication("access_logs")},
	{"aws_alb", "connection_logs.bucket", bucket, BalancerLogs, ofApplication("connection_logs")},
	{"aws_cloudfront_distribution", "origin.domain_name", bucket, "cloudfront.amazonaws.com", signed},
	{"aws_cloudwatch_composite_alarm", "alarm_actions", topic, "cloudwatch.amazonaws.com", acts},
	{"aws_cloudwatch_composite_alarm", "insufficient_data_actions", topic, "cloudwatch.amazonaws.com", acts},
	{"aws_cloudwatch_composite_alarm", "ok_actions", topic, "cloudwatch.amazonaws.com", acts},
	{"aws_cloudwatch_event_target", "arn", queue, "events.amazonaws.com", roleless},
	{"aws_cloudwatch_event_target", "arn", topic, "events.amazonaws.com", roleless},
	{"aws_cloudwatch_metric_alarm", "alarm_actions", topic, "cloudwatch.amazonaws.com", acts},
	{"aws_cloudwatch_metric_alarm", "insufficient_data_actions", topic, "cloudwatch.amazonaws.com", acts},
	{"aws_cloudwatch_metric_alarm", "ok_actions", topic, "cloudwatch.amazonaws.com", acts},
	{"aws_elb", "access_logs.bucket", bucket, BalancerLogs, []Only{{"access_logs.enabled", []string{"true", ""}}}},
	{"aws_flow_log", "log_destination", bucket, FlowLogs, toBucket},
	{"aws_lb", "access_logs.bucket", bucket, BalancerLogs, ofApplication("access_logs")},
	{"aws_lb", "connection_logs.bucket", bucket, BalancerLogs, ofApplication("connection_logs")},
	{"aws_s3_bucket", "logging.target_bucket", bucket, S3AccessLogs, nil},
	{"aws_s3_bucket_logging", "target_bucket", bucket, S3AccessLogs, nil},
	{"aws_s3_bucket_notification", "queue.queue_arn", queue, "s3.amazonaws.com", nil},
	{"aws_s3_bucket_notification", "topic.topic_arn", topic, "s3.amazonaws.com", nil},
	{"aws_sns_topic_subscription", "endpoint", queue, "sns.amazonaws.com", toQueue},
}

// Delivers tells that resources of a type may have such an argument.
func Delivers(typ string) bool {
	for _, d := range deliveries {
		if d.Type == typ {
			return true
		}
	}
	return false
}
