import { LABELS, noEffect, PERMISSIONS, type ResourceType, USED, WATCHING } from './property-schema.ts';

const NETWORK = noEffect('there is one network: the loopback of this machine');
const BALANCER = noEffect('the process answers on the port itself, with TLS');
const SCALING = noEffect('one process: there is one port, and nothing to scale to');

const network: ResourceType = { properties: NETWORK };

/** The resource types of a service on Fargate behind a load balancer. */
export const SERVICE_TYPES: { readonly [type: string]: ResourceType } = {
  'AWS::EC2::VPC': network,
  'AWS::EC2::Subnet': network,
  'AWS::EC2::RouteTable': network,
  'AWS::EC2::SubnetRouteTableAssociation': network,
  'AWS::EC2::Route': network,
  'AWS::EC2::InternetGateway': network,
  'AWS::EC2::VPCGatewayAttachment': network,
  'AWS::EC2::VPCEndpoint': network,
  'AWS::EC2::SecurityGroup': { properties: NETWORK, attributes: { GroupId: 'name' } },
  'AWS::EC2::SecurityGroupIngress': network,
  'AWS::EC2::SecurityGroupEgress': network,
  'AWS::ElasticLoadBalancingV2::LoadBalancer': {
    properties: BALANCER,
    attributes: { DNSName: 'name', LoadBalancerFullName: 'name', CanonicalHostedZoneID: 'name' },
  },
  'AWS::ElasticLoadBalancingV2::Listener': { properties: BALANCER },
  'AWS::ElasticLoadBalancingV2::TargetGroup': { properties: BALANCER, attributes: { TargetGroupFullName: 'name' } },
  'AWS::ApplicationAutoScaling::ScalableTarget': { properties: SCALING },
  'AWS::ApplicationAutoScaling::ScalingPolicy': { properties: SCALING },
  'AWS::ECS::Cluster': { properties: LABELS },
  'AWS::ECS::Service': {
    properties: {
      ...{ TaskDefinition: USED, Cluster: LABELS, DesiredCount: SCALING, LaunchType: SCALING },
      ...{ DeploymentConfiguration: SCALING, HealthCheckGracePeriodSeconds: WATCHING, LoadBalancers: BALANCER },
      ...{ NetworkConfiguration: NETWORK, EnableECSManagedTags: LABELS, DeploymentController: SCALING },
    },
    attributes: { Name: 'name' },
  },
  'AWS::ECS::TaskDefinition': {
    properties: {
      ...{ Family: LABELS, Cpu: SCALING, Memory: SCALING, RequiresCompatibilities: LABELS, NetworkMode: NETWORK },
      ...{ TaskRoleArn: USED, ExecutionRoleArn: PERMISSIONS },
      RuntimePlatform: noEffect('bundles are JavaScript'),
      ContainerDefinitions: [
        {
          ...{ Name: USED, Image: USED, Environment: USED, Essential: LABELS, PortMappings: BALANCER },
          ...{ LogConfiguration: WATCHING, ReadonlyRootFilesystem: PERMISSIONS },
          StopTimeout: noEffect('the runner stops within seconds'),
          Ulimits: noEffect('the limits are those of the machine'),
        },
      ],
    },
  },
};
