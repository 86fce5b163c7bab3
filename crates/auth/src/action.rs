//! The actions that policies name. **Source**: `spec/iam.md` §2, `spec/storage-ml.md` §3.

macro_rules! actions {
    ($($action:ident),* $(,)?) => {
        /// An action of the prefix `neptune-db:`. Each operation needs one, a query one for each kind of access.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action {
            $(#[doc = concat!("`neptune-db:", stringify!($action), "`")] $action,)*
        }

        impl Action {
            /// Every action.
            pub const ALL: &[Self] = &[$(Self::$action),*];

            /// The name with its prefix, as it stands in policies and in refusals.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$action => concat!("neptune-db:", stringify!($action)),)*
                }
            }
        }
    };
}

actions! {
    ReadDataViaQuery,
    WriteDataViaQuery,
    DeleteDataViaQuery,
    GetQueryStatus,
    CancelQuery,
    GetStreamRecords,
    GetEngineStatus,
    GetStatisticsStatus,
    ManageStatistics,
    DeleteStatistics,
    GetGraphSummary,
    ResetDatabase,
    StartLoaderJob,
    GetLoaderJobStatus,
    ListLoaderJobs,
    CancelLoaderJob,
    GetStorageInfo,
    StartIndexRebuild,
    GetIndexRebuildStatus,
    ListIndexRebuilds,
    CancelIndexRebuild,
    StartMLDataProcessingJob,
    GetMLDataProcessingJobStatus,
    ListMLDataProcessingJobs,
    CancelMLDataProcessingJob,
    StartMLModelTrainingJob,
    GetMLModelTrainingJobStatus,
    ListMLModelTrainingJobs,
    CancelMLModelTrainingJob,
    StartMLModelTransformJob,
    GetMLModelTransformJobStatus,
    ListMLModelTransformJobs,
    CancelMLModelTransformJob,
    CreateMLEndpoint,
    GetMLEndpointStatus,
    ListMLEndpoints,
    DeleteMLEndpoint,
    StartExportJob,
    GetExportJobStatus,
    ListExportJobs,
    CancelExportJob,
}

impl Action {
    /// A second name under which a policy may mean this action.
    pub(crate) const fn alias(self) -> Option<&'static str> {
        match self {
            // The service model's documentation says this name, the list of actions the other.
            Self::StartMLDataProcessingJob => Some("neptune-db:StartMLModelDataProcessingJob"),
            _ => None,
        }
    }

    /// Whether requests for it carry the condition key `neptune-db:QueryLanguage`. **Source**: `spec/iam.md` §4.
    pub const fn has_language(self) -> bool {
        matches!(
            self,
            Self::ReadDataViaQuery
                | Self::WriteDataViaQuery
                | Self::DeleteDataViaQuery
                | Self::GetQueryStatus
                | Self::CancelQuery
                | Self::GetStreamRecords
        )
    }
}
