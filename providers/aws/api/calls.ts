import type * as batch from "@aws-sdk/client-batch";
import type * as cloudwatch from "@aws-sdk/client-cloudwatch";
import type * as logs from "@aws-sdk/client-cloudwatch-logs";
import type * as ec2 from "@aws-sdk/client-ec2";
import type * as ecs from "@aws-sdk/client-ecs";
import type * as eventbridge from "@aws-sdk/client-eventbridge";
import type * as glue from "@aws-sdk/client-glue";
import type * as iam from "@aws-sdk/client-iam";
import type * as lambda from "@aws-sdk/client-lambda";
import type * as sagemaker from "@aws-sdk/client-sagemaker";
import type * as scheduler from "@aws-sdk/client-scheduler";
import type * as servicequotas from "@aws-sdk/client-service-quotas";
import type * as sfn from "@aws-sdk/client-sfn";
import type * as sqs from "@aws-sdk/client-sqs";
import type * as ssm from "@aws-sdk/client-ssm";
import type * as sts from "@aws-sdk/client-sts";

/** Every call that the adapter makes, and no other: what a fake has to answer, and a policy to allow. */
export interface Calls {
  "scheduler:CreateSchedule": Call<scheduler.CreateScheduleInput, scheduler.CreateScheduleOutput>;
  "scheduler:UpdateSchedule": Call<scheduler.UpdateScheduleInput, scheduler.UpdateScheduleOutput>;
  "scheduler:DeleteSchedule": Call<scheduler.DeleteScheduleInput, scheduler.DeleteScheduleOutput>;
  "scheduler:GetSchedule": Call<scheduler.GetScheduleInput, scheduler.GetScheduleOutput>;
  "scheduler:ListSchedules": Call<scheduler.ListSchedulesInput, scheduler.ListSchedulesOutput>;
  "scheduler:CreateScheduleGroup": Call<scheduler.CreateScheduleGroupInput, scheduler.CreateScheduleGroupOutput>;
  "scheduler:ListScheduleGroups": Call<scheduler.ListScheduleGroupsInput, scheduler.ListScheduleGroupsOutput>;
  "scheduler:ListTagsForResource": Call<scheduler.ListTagsForResourceInput, scheduler.ListTagsForResourceOutput>;
  "ecs:RegisterTaskDefinition": Call<ecs.RegisterTaskDefinitionRequest, ecs.RegisterTaskDefinitionResponse>;
  "ecs:DeregisterTaskDefinition": Call<ecs.DeregisterTaskDefinitionRequest, ecs.DeregisterTaskDefinitionResponse>;
  "ecs:DescribeTaskDefinition": Call<ecs.DescribeTaskDefinitionRequest, ecs.DescribeTaskDefinitionResponse>;
  "ecs:ListTaskDefinitions": Call<ecs.ListTaskDefinitionsRequest, ecs.ListTaskDefinitionsResponse>;
  "ecs:ListTaskDefinitionFamilies": Call<ecs.ListTaskDefinitionFamiliesRequest, ecs.ListTaskDefinitionFamiliesResponse>;
  "ecs:RunTask": Call<ecs.RunTaskRequest, ecs.RunTaskResponse>;
  "ecs:StopTask": Call<ecs.StopTaskRequest, ecs.StopTaskResponse>;
  "ecs:ListTasks": Call<ecs.ListTasksRequest, ecs.ListTasksResponse>;
  "ecs:DescribeTasks": Call<ecs.DescribeTasksRequest, ecs.DescribeTasksResponse>;
  "ecs:DescribeClusters": Call<ecs.DescribeClustersRequest, ecs.DescribeClustersResponse>;
  "batch:RegisterJobDefinition": Call<batch.RegisterJobDefinitionRequest, batch.RegisterJobDefinitionResponse>;
  "batch:DeregisterJobDefinition": Call<batch.DeregisterJobDefinitionRequest, object>;
  "batch:DescribeJobDefinitions": Call<batch.DescribeJobDefinitionsRequest, batch.DescribeJobDefinitionsResponse>;
  "batch:SubmitJob": Call<batch.SubmitJobRequest, batch.SubmitJobResponse>;
  "batch:TerminateJob": Call<batch.TerminateJobRequest, object>;
  "batch:ListJobs": Call<batch.ListJobsRequest, batch.ListJobsResponse>;
  "batch:DescribeJobs": Call<batch.DescribeJobsRequest, batch.DescribeJobsResponse>;
  "batch:DescribeJobQueues": Call<batch.DescribeJobQueuesRequest, batch.DescribeJobQueuesResponse>;
  "lambda:Invoke": Call<lambda.InvocationRequest, lambda.InvocationResponse & Answered>;
  "lambda:GetFunctionConfiguration": Call<lambda.GetFunctionConfigurationRequest, lambda.FunctionConfiguration>;
  "sfn:StartExecution": Call<sfn.StartExecutionInput, sfn.StartExecutionOutput>;
  "sfn:ListExecutions": Call<sfn.ListExecutionsInput, sfn.ListExecutionsOutput>;
  "sfn:DescribeExecution": Call<sfn.DescribeExecutionInput, sfn.DescribeExecutionOutput>;
  "sfn:StopExecution": Call<sfn.StopExecutionInput, sfn.StopExecutionOutput>;
  "sagemaker:StartPipelineExecution": Call<
    sagemaker.StartPipelineExecutionRequest,
    sagemaker.StartPipelineExecutionResponse
  >;
  "sagemaker:ListPipelineExecutions": Call<
    sagemaker.ListPipelineExecutionsRequest,
    sagemaker.ListPipelineExecutionsResponse
  >;
  "sagemaker:DescribePipelineExecution": Call<
    sagemaker.DescribePipelineExecutionRequest,
    sagemaker.DescribePipelineExecutionResponse
  >;
  "sagemaker:StopPipelineExecution": Call<
    sagemaker.StopPipelineExecutionRequest,
    sagemaker.StopPipelineExecutionResponse
  >;
  "glue:StartJobRun": Call<glue.StartJobRunRequest, glue.StartJobRunResponse>;
  "glue:GetJobRuns": Call<glue.GetJobRunsRequest, glue.GetJobRunsResponse>;
  "glue:GetJobRun": Call<glue.GetJobRunRequest, glue.GetJobRunResponse>;
  "glue:BatchStopJobRun": Call<glue.BatchStopJobRunRequest, glue.BatchStopJobRunResponse>;
  "eventbridge:PutRule": Call<eventbridge.PutRuleRequest, eventbridge.PutRuleResponse>;
  "eventbridge:DescribeRule": Call<eventbridge.DescribeRuleRequest, eventbridge.DescribeRuleResponse>;
  "eventbridge:DeleteRule": Call<eventbridge.DeleteRuleRequest, object>;
  "eventbridge:ListRules": Call<eventbridge.ListRulesRequest, eventbridge.ListRulesResponse>;
  "eventbridge:PutTargets": Call<eventbridge.PutTargetsRequest, eventbridge.PutTargetsResponse>;
  "eventbridge:RemoveTargets": Call<eventbridge.RemoveTargetsRequest, eventbridge.RemoveTargetsResponse>;
  "eventbridge:ListTargetsByRule": Call<eventbridge.ListTargetsByRuleRequest, eventbridge.ListTargetsByRuleResponse>;
  "eventbridge:ListTagsForResource": Call<
    eventbridge.ListTagsForResourceRequest,
    eventbridge.ListTagsForResourceResponse
  >;
  "eventbridge:CreateApiDestination": Call<
    eventbridge.CreateApiDestinationRequest,
    eventbridge.CreateApiDestinationResponse
  >;
  "eventbridge:UpdateApiDestination": Call<
    eventbridge.UpdateApiDestinationRequest,
    eventbridge.UpdateApiDestinationResponse
  >;
  "eventbridge:DescribeApiDestination": Call<
    eventbridge.DescribeApiDestinationRequest,
    eventbridge.DescribeApiDestinationResponse
  >;
  "eventbridge:DeleteApiDestination": Call<
    eventbridge.DeleteApiDestinationRequest,
    eventbridge.DeleteApiDestinationResponse
  >;
  "eventbridge:ListApiDestinations": Call<
    eventbridge.ListApiDestinationsRequest,
    eventbridge.ListApiDestinationsResponse
  >;
  "eventbridge:CreateConnection": Call<eventbridge.CreateConnectionRequest, eventbridge.CreateConnectionResponse>;
  "eventbridge:DescribeConnection": Call<eventbridge.DescribeConnectionRequest, eventbridge.DescribeConnectionResponse>;
  "eventbridge:EnableRule": Call<eventbridge.EnableRuleRequest, object>;
  "eventbridge:DisableRule": Call<eventbridge.DisableRuleRequest, object>;
  "eventbridge:PutEvents": Call<eventbridge.PutEventsRequest, eventbridge.PutEventsResponse>;
  "logs:CreateLogGroup": Call<logs.CreateLogGroupRequest, object>;
  "logs:PutRetentionPolicy": Call<logs.PutRetentionPolicyRequest, object>;
  "logs:GetLogEvents": Call<logs.GetLogEventsRequest, logs.GetLogEventsResponse>;
  "logs:FilterLogEvents": Call<logs.FilterLogEventsRequest, logs.FilterLogEventsResponse>;
  "sqs:CreateQueue": Call<sqs.CreateQueueRequest, sqs.CreateQueueResult>;
  "sqs:DeleteQueue": Call<sqs.DeleteQueueRequest, object>;
  "sqs:GetQueueUrl": Call<sqs.GetQueueUrlRequest, sqs.GetQueueUrlResult>;
  "sqs:GetQueueAttributes": Call<sqs.GetQueueAttributesRequest, sqs.GetQueueAttributesResult>;
  "sqs:ListQueueTags": Call<sqs.ListQueueTagsRequest, sqs.ListQueueTagsResult>;
  "sqs:SetQueueAttributes": Call<sqs.SetQueueAttributesRequest, object>;
  "sqs:ReceiveMessage": Call<sqs.ReceiveMessageRequest, sqs.ReceiveMessageResult>;
  "sqs:DeleteMessageBatch": Call<sqs.DeleteMessageBatchRequest, sqs.DeleteMessageBatchResult>;
  "sts:GetCallerIdentity": Call<sts.GetCallerIdentityRequest, sts.GetCallerIdentityResponse>;
  "iam:GetRole": Call<iam.GetRoleRequest, iam.GetRoleResponse>;
  "iam:SimulatePrincipalPolicy": Call<iam.SimulatePrincipalPolicyRequest, iam.SimulatePolicyResponse>;
  "servicequotas:GetServiceQuota": Call<servicequotas.GetServiceQuotaRequest, servicequotas.GetServiceQuotaResponse>;
  "ec2:DescribeInstances": Call<ec2.DescribeInstancesRequest, ec2.DescribeInstancesResult>;
  "ec2:StopInstances": Call<ec2.StopInstancesRequest, ec2.StopInstancesResult>;
  "ssm:StartAutomationExecution": Call<ssm.StartAutomationExecutionRequest, ssm.StartAutomationExecutionResult>;
  "ssm:DescribeAutomationExecutions": Call<
    ssm.DescribeAutomationExecutionsRequest,
    ssm.DescribeAutomationExecutionsResult
  >;
  "ssm:GetAutomationExecution": Call<ssm.GetAutomationExecutionRequest, ssm.GetAutomationExecutionResult>;
  "ssm:ListTagsForResource": Call<ssm.ListTagsForResourceRequest, ssm.ListTagsForResourceResult>;
  "cloudwatch:GetMetricData": Call<cloudwatch.GetMetricDataInput, cloudwatch.GetMetricDataOutput>;
  "ec2:DescribeSubnets": Call<ec2.DescribeSubnetsRequest, ec2.DescribeSubnetsResult>;
}

interface Call<Input, Output> {
  readonly input: Input;
  readonly output: Output;
}

/** What the SDK tells of the answer itself. */
interface Answered {
  readonly $metadata?: { readonly requestId?: string | undefined };
}

export type CallName = keyof Calls;

/** One request and its answer; throws whatever the SDK throws. */
export interface Connection {
  send<K extends CallName>(call: K, input: Calls[K]["input"], signal?: AbortSignal): Promise<Calls[K]["output"]>;
  close(): void;
}

export type Connect = (settings: ConnectionSettings) => Connection;

export interface ConnectionSettings {
  readonly region: string;
  readonly endpoint?: string;
  readonly profile?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}
